CREATE TABLE "rollup_run" (
    "id" UUID NOT NULL,
    "month" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "force" BOOLEAN NOT NULL,
    "state" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "cursor" UUID,
    "expected" INTEGER NOT NULL,
    "examined" INTEGER NOT NULL,
    "issued" INTEGER NOT NULL,
    "replaced" INTEGER NOT NULL,
    "provisional" INTEGER NOT NULL,
    "parked" INTEGER NOT NULL,
    "skipped" JSONB NOT NULL,
    "totals" JSONB NOT NULL,
    "reason" TEXT,
    CONSTRAINT "rollup_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "rollup_run_month_shape" CHECK ("month" ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT "rollup_run_trigger_known" CHECK ("trigger" IN ('schedule', 'demand')),
    CONSTRAINT "rollup_run_state_known" CHECK ("state" IN ('running', 'succeeded', 'failed', 'interrupted')),
    CONSTRAINT "rollup_run_ended" CHECK (("state" = 'running') = ("ended_at" IS NULL))
);
CREATE INDEX "rollup_run_month_at_idx" ON "rollup_run"("month", "at");
CREATE INDEX "rollup_run_at_id_idx" ON "rollup_run"("at", "id");
-- One run at a time, of whatever month.
CREATE UNIQUE INDEX "rollup_run_one_open" ON "rollup_run" ((true)) WHERE "ended_at" IS NULL;

CREATE TABLE "rollup_parked" (
    "run_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "month" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "parked_at" TIMESTAMPTZ(3) NOT NULL,
    "resolved_at" TIMESTAMPTZ(3),
    CONSTRAINT "rollup_parked_pkey" PRIMARY KEY ("run_id", "tenant_id")
);
CREATE INDEX "rollup_parked_tenant_id_idx" ON "rollup_parked"("tenant_id");
-- A tenant stands parked once a month.
CREATE UNIQUE INDEX "rollup_parked_one_open" ON "rollup_parked"("month", "tenant_id") WHERE "resolved_at" IS NULL;

CREATE TABLE "rollup_month" (
    "month" TEXT NOT NULL,
    "opens_at" TIMESTAMPTZ(3) NOT NULL,
    "next_due_at" TIMESTAMPTZ(3),
    CONSTRAINT "rollup_month_pkey" PRIMARY KEY ("month")
);
CREATE INDEX "rollup_month_next_due_at_idx" ON "rollup_month"("next_due_at");
