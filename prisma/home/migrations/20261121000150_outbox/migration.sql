-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "topic" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "headers" JSONB NOT NULL,
    "value" TEXT,
    "compacted" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- What waits is few among many: the relay and the high-water mark read this index only. The schema cannot say "partial".
CREATE INDEX "outbox_waiting" ON "outbox"("id") WHERE "published_at" IS NULL;

-- For removing what was sent long ago.
CREATE INDEX "outbox_sent" ON "outbox"("published_at") WHERE "published_at" IS NOT NULL;
