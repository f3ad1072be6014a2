-- CreateTable
CREATE TABLE "mail" (
    "id" UUID NOT NULL,
    "key" VARCHAR(120) NOT NULL,
    "kind" VARCHAR(64) NOT NULL,
    "tenant_id" UUID,
    "message_encrypted" TEXT,
    "state" VARCHAR(16) NOT NULL CHECK ("state" IN ('waiting', 'sent', 'dead')),
    "attempts" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),
    "last_error" VARCHAR(64),
    "sent_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mail_pkey" PRIMARY KEY ("id"),
    -- What was sent is not kept: it may hold an invitation.
    CONSTRAINT "mail_forgets_what_was_sent" CHECK (("state" = 'sent') = ("message_encrypted" IS NULL)),
    CONSTRAINT "mail_dead_says_why" CHECK ("state" <> 'dead' OR "last_error" IS NOT NULL)
);

-- CreateIndex
CREATE UNIQUE INDEX "mail_key_key" ON "mail"("key");

-- CreateIndex
CREATE INDEX "mail_created_at_idx" ON "mail"("created_at");

-- What waits is few among many; the schema cannot say "partial".
CREATE INDEX "mail_waiting" ON "mail"("due_at", "id") WHERE "state" = 'waiting';
