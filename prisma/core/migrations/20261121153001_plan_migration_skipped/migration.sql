-- CreateTable
CREATE TABLE "plan_migration_skipped" (
    "migration_id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,

    CONSTRAINT "plan_migration_skipped_pkey" PRIMARY KEY ("migration_id","subscription_id")
);

-- AddForeignKey
ALTER TABLE "plan_migration_skipped" ADD CONSTRAINT "plan_migration_skipped_migration_id_fkey" FOREIGN KEY ("migration_id") REFERENCES "plan_migration"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
