CREATE TABLE "fleet_run" (
    "id" UUID NOT NULL,
    "target_version" VARCHAR(95) NOT NULL,
    "target_hash" CHAR(16) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(64),
    "wave" INTEGER NOT NULL,
    "waves" INTEGER NOT NULL,
    "at_once_max" INTEGER NOT NULL,
    "failures_percent_max" INTEGER NOT NULL,
    "attempts_max" INTEGER NOT NULL,
    "failures_acknowledged" INTEGER NOT NULL,
    "requested_by" VARCHAR(128) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "fleet_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "fleet_run_state_known" CHECK ("state" IN ('running', 'paused', 'stopped', 'done', 'canceled')),
    CONSTRAINT "fleet_run_ended_says_when" CHECK (("state" IN ('done', 'canceled')) = ("ended_at" IS NOT NULL))
);
-- Of several that are asked for at once one is begun: databases are migrated to one schema at a time.
CREATE UNIQUE INDEX "fleet_run_one_open" ON "fleet_run" ((true)) WHERE "ended_at" IS NULL;
CREATE INDEX "fleet_run_newest" ON "fleet_run"("created_at" DESC, "id");

CREATE TABLE "fleet_migration" (
    "run_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "wave" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(64),
    "failed_migration" VARCHAR(95),
    "from_version" VARCHAR(95),
    "checksum" CHAR(16),
    "attempt" INTEGER NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "leased_by" VARCHAR(128),
    "lease_until" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "fleet_migration_pkey" PRIMARY KEY ("run_id", "deployment_id"),
    CONSTRAINT "fleet_migration_state_known" CHECK ("state" IN ('pending', 'running', 'done', 'failed', 'skipped')),
    CONSTRAINT "fleet_migration_running_is_leased" CHECK (
        ("state" = 'running') = ("lease_until" IS NOT NULL) AND ("leased_by" IS NULL) = ("lease_until" IS NULL)
    )
);
CREATE INDEX "fleet_migration_deployment" ON "fleet_migration"("deployment_id", "run_id");
-- What is still to do is looked for a thousand times in one run.
CREATE INDEX "fleet_migration_due" ON "fleet_migration"("run_id", "wave", "position") WHERE "state" IN ('pending', 'running');
