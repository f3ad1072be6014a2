-- AlterTable
ALTER TABLE "subscription" ADD COLUMN "notice_days" INTEGER,
ADD COLUMN "grace_days" INTEGER;

-- CreateTable
CREATE TABLE "subscription_plan" (
    "id" BIGSERIAL NOT NULL,
    "subscription_id" UUID NOT NULL,
    "plan_code" TEXT NOT NULL,
    "plan_version" INTEGER NOT NULL,
    "entitled_from" TIMESTAMPTZ(3) NOT NULL,
    "priced_from" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "subscription_plan_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "subscription_plan_subscription_id_id_idx" ON "subscription_plan"("subscription_id", "id");

-- AddForeignKey
ALTER TABLE "subscription_plan" ADD CONSTRAINT "subscription_plan_subscription_id_fkey" FOREIGN KEY ("subscription_id") REFERENCES "subscription"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Subscriptions that are there began with the plan that they have.
INSERT INTO "subscription_plan" ("subscription_id", "plan_code", "plan_version", "entitled_from", "priced_from", "reason", "actor", "at")
  SELECT "id", "plan_code", "plan_version", "started_at", "started_at", 'started', 'migration', "started_at" FROM "subscription";

ALTER TABLE "subscription" ADD CONSTRAINT "subscription_days_check"
  CHECK ("notice_days" BETWEEN 0 AND 365 AND "grace_days" BETWEEN 0 AND 365);

-- Bills of the past are computed from it.
CREATE FUNCTION subscription_plan_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER subscription_plan_insert_only BEFORE UPDATE OR DELETE ON "subscription_plan"
  FOR EACH ROW EXECUTE FUNCTION subscription_plan_refuse_change();
