-- CreateTable
CREATE TABLE "plan_migration" (
    "id" UUID NOT NULL,
    "plan_code" TEXT NOT NULL,
    "to_version" INTEGER NOT NULL,
    "from_versions" INTEGER[],
    "mode" TEXT NOT NULL,
    "effective" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "after_id" UUID,
    "matched" INTEGER NOT NULL,
    "migrated" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "plan_migration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan_migration_parked" (
    "migration_id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plan_migration_parked_pkey" PRIMARY KEY ("migration_id","subscription_id")
);

-- CreateIndex
CREATE INDEX "plan_migration_plan_code_created_at_idx" ON "plan_migration"("plan_code", "created_at");

-- AddForeignKey
ALTER TABLE "plan_migration_parked" ADD CONSTRAINT "plan_migration_parked_migration_id_fkey" FOREIGN KEY ("migration_id") REFERENCES "plan_migration"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "plan_migration" ADD CONSTRAINT "plan_migration_state_check" CHECK ("state" IN ('running', 'done'));
-- One at a time of one plan: two would move the same subscriptions to and fro.
CREATE UNIQUE INDEX "plan_migration_one_running" ON "plan_migration" ("plan_code") WHERE "state" = 'running';
