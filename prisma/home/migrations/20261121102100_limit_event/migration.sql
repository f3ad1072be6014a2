CREATE TABLE "limit_event" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "module" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "threshold" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "used" DECIMAL(42,12) NOT NULL,
    "cap" DECIMAL(42,12) NOT NULL,
    "license_version" INTEGER NOT NULL,
    "count" INTEGER NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_count" INTEGER NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    CONSTRAINT "limit_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "limit_event_kind_known" CHECK ("kind" IN ('warned', 'denied', 'delayed', 'overage')),
    CONSTRAINT "limit_event_sent_what_was" CHECK ("sent_count" <= "count")
);
CREATE UNIQUE INDEX "limit_event_folded" ON "limit_event"("deployment_id", "module", "meter", "kind", "threshold", "minute");
CREATE INDEX "limit_event_minute_idx" ON "limit_event"("minute");
-- What waits to be sent is few among many: the sender looks only here.
CREATE INDEX "limit_event_unsent" ON "limit_event"("minute") WHERE "sent_count" < "count";
