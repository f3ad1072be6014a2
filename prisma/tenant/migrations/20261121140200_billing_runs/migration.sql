-- When charges and statements are made, and what came of each time.
CREATE TABLE "billing_schedule" (
    "kind" VARCHAR(16) NOT NULL,
    "day_of_month" SMALLINT,
    "time_zone" VARCHAR(64) NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "next_due_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "billing_schedule_pkey" PRIMARY KEY ("kind"),
    CONSTRAINT "billing_schedule_kind_known" CHECK ("kind" IN ('billing', 'statements')),
    CONSTRAINT "billing_schedule_day" CHECK ("day_of_month" BETWEEN 1 AND 28),
    CONSTRAINT "billing_schedule_due_when_enabled" CHECK ("enabled" = ("next_due_at" IS NOT NULL))
);

CREATE TABLE "billing_run" (
    "id" UUID NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "requested_by" VARCHAR(128) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "done" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    CONSTRAINT "billing_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "billing_run_kind_known" CHECK ("kind" IN ('billing', 'statements')),
    CONSTRAINT "billing_run_state_known" CHECK ("state" IN ('running', 'succeeded')),
    CONSTRAINT "billing_run_ended" CHECK (("state" = 'running') = ("ended_at" IS NULL))
);
-- One turn of a schedule is one run, and one run of a kind goes on at a time.
CREATE UNIQUE INDEX "billing_run_turn" ON "billing_run" ("kind", "due_at");
CREATE UNIQUE INDEX "billing_run_open" ON "billing_run" ("kind") WHERE "state" = 'running';
ALTER TABLE "item_period" ADD CONSTRAINT "item_period_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "billing_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
