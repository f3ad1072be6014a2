-- What stands against a cap: one row a meter and window. Admission is one conditional UPDATE of it.
CREATE TABLE "limit_counter" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "limit_window" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "window_end" TIMESTAMPTZ(3),
    "aggregation" TEXT NOT NULL,
    "used" DECIMAL(42,12) NOT NULL,
    "held" DECIMAL(42,12) NOT NULL,
    "lost" DECIMAL(42,12) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "warned" TEXT[] NOT NULL,
    CONSTRAINT "limit_counter_pkey" PRIMARY KEY ("deployment_id", "meter", "limit_window", "window_start"),
    CONSTRAINT "limit_counter_window_known" CHECK ("limit_window" IN ('day', 'month', 'level')),
    CONSTRAINT "limit_counter_half_open" CHECK (("limit_window" = 'level') = ("window_end" IS NULL) AND ("window_start" < "window_end") IS NOT FALSE),
    CONSTRAINT "limit_counter_aggregation_known" CHECK ("aggregation" IN ('sum', 'peak', 'last')),
    CONSTRAINT "limit_counter_not_negative" CHECK ("used" >= 0 AND "held" >= 0 AND "lost" >= 0)
);
CREATE INDEX "limit_counter_window_end_idx" ON "limit_counter"("window_end");

-- A part of the rest that one process may give away from its memory.
CREATE TABLE "limit_slice" (
    "id" UUID NOT NULL,
    "holder" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "limit_window" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "amount" DECIMAL(42,12) NOT NULL,
    "spent" DECIMAL(42,12) NOT NULL,
    "state" TEXT NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "limit_slice_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "limit_slice_state_known" CHECK ("state" IN ('open', 'returned', 'expired')),
    CONSTRAINT "limit_slice_within" CHECK ("amount" > 0 AND "spent" >= 0 AND "spent" <= "amount")
);
CREATE INDEX "limit_slice_key_idx" ON "limit_slice"("deployment_id", "meter", "limit_window", "window_start");
CREATE INDEX "limit_slice_expires_at_idx" ON "limit_slice"("expires_at");
-- What may still expire is few among many.
CREATE INDEX "limit_slice_open" ON "limit_slice"("expires_at") WHERE "state" = 'open';

-- Quantity that is held until it is confirmed, released or expires.
CREATE TABLE "limit_reservation" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "aggregation" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "usage_at" TIMESTAMPTZ(3),
    "usage_quantity" DECIMAL(42,12),
    CONSTRAINT "limit_reservation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "limit_reservation_state_known" CHECK ("state" IN ('held', 'confirmed', 'released', 'expired')),
    CONSTRAINT "limit_reservation_ended" CHECK (("state" = 'held') = ("ended_at" IS NULL)),
    CONSTRAINT "limit_reservation_positive" CHECK ("quantity" > 0)
);
CREATE INDEX "limit_reservation_expires_at_idx" ON "limit_reservation"("expires_at");
CREATE INDEX "limit_reservation_held" ON "limit_reservation"("expires_at") WHERE "state" = 'held';

-- Which counters a reservation holds its quantity in: a meter may have a limit a day and one a month.
CREATE TABLE "limit_hold" (
    "reservation_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "limit_window" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "limit_hold_pkey" PRIMARY KEY ("reservation_id", "limit_window"),
    CONSTRAINT "limit_hold_reservation_id_fkey" FOREIGN KEY ("reservation_id") REFERENCES "limit_reservation" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE INDEX "limit_hold_key_idx" ON "limit_hold"("deployment_id", "meter", "limit_window", "window_start");

-- Requests that wait for room, in the order of their numbers.
CREATE TABLE "limit_ticket" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "state" TEXT NOT NULL,
    "reservation_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "admitted_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "limit_ticket_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "limit_ticket_state_known" CHECK ("state" IN ('waiting', 'admitted', 'cancelled', 'refused')),
    CONSTRAINT "limit_ticket_positive" CHECK ("quantity" > 0)
);
CREATE INDEX "limit_ticket_ended_at_idx" ON "limit_ticket"("ended_at");
CREATE INDEX "limit_ticket_waiting" ON "limit_ticket"("deployment_id", "meter", "number") WHERE "state" = 'waiting';

-- How full the bucket of a rate was, and when. It runs out with time.
CREATE TABLE "limit_throttle" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "limit_window" TEXT NOT NULL,
    "level" DECIMAL(60,15) NOT NULL,
    "level_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "limit_throttle_pkey" PRIMARY KEY ("deployment_id", "meter", "limit_window"),
    CONSTRAINT "limit_throttle_not_negative" CHECK ("level" >= 0)
);

-- Denials, delays and warnings, one row each, and every decision that was asked for under a key.
CREATE TABLE "decision" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "principal" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "meter" TEXT,
    "quantity" DECIMAL(42,12),
    "outcome" TEXT NOT NULL,
    "code" TEXT,
    "idempotency_key" TEXT,
    "question_hash" CHAR(64),
    "answer" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "decision_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "decision_key_has_question" CHECK (("idempotency_key" IS NULL) = ("question_hash" IS NULL))
);
CREATE UNIQUE INDEX "decision_principal_idempotency_key_key" ON "decision"("principal", "idempotency_key");
CREATE INDEX "decision_deployment_id_decided_at_idx" ON "decision"("deployment_id", "decided_at");
-- For the retention, which goes by age: rows stand in the order of their instants.
CREATE INDEX "decision_decided_at_idx" ON "decision" USING BRIN ("decided_at");

-- What was allowed, counted by the hour.
CREATE TABLE "decision_count" (
    "deployment_id" UUID NOT NULL,
    "action" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "allowed" BIGINT NOT NULL,
    CONSTRAINT "decision_count_pkey" PRIMARY KEY ("deployment_id", "action", "meter", "hour")
);
CREATE INDEX "decision_count_hour_idx" ON "decision_count"("hour");

-- How far what a process keeps in memory was added: what it adds again is known by its number.
CREATE TABLE "limit_flush" (
    "process_id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "flushed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "limit_flush_pkey" PRIMARY KEY ("process_id", "purpose")
);
