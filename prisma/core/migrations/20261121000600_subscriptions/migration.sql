-- CreateTable
CREATE TABLE "subscription" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "plan_code" TEXT NOT NULL,
    "plan_version" INTEGER NOT NULL,
    "time_zone" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "trial_ends_at" TIMESTAMPTZ(3),
    "trial_ended_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "expired_at" TIMESTAMPTZ(3),
    "period_start" TIMESTAMPTZ(3) NOT NULL,
    "period_end" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subscription_addon" (
    "id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,
    "addon_code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "resource_kind" TEXT NOT NULL,
    "price_kind" TEXT NOT NULL,
    "price_minor" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "units" DECIMAL(42,12) NOT NULL,
    "grants" JSONB NOT NULL,
    "attached_at" TIMESTAMPTZ(3) NOT NULL,
    "detached_at" TIMESTAMPTZ(3),

    CONSTRAINT "subscription_addon_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "subscription_deployment_id_key" ON "subscription"("deployment_id");

-- CreateIndex
CREATE INDEX "subscription_tenant_id_idx" ON "subscription"("tenant_id");

-- CreateIndex
CREATE INDEX "subscription_period_end_idx" ON "subscription"("period_end");

-- CreateIndex
CREATE UNIQUE INDEX "subscription_addon_subscription_id_addon_code_attached_at_key" ON "subscription_addon"("subscription_id", "addon_code", "attached_at");

-- AddForeignKey
ALTER TABLE "subscription_addon" ADD CONSTRAINT "subscription_addon_subscription_id_fkey" FOREIGN KEY ("subscription_id") REFERENCES "subscription"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "subscription" ADD CONSTRAINT "subscription_period_check" CHECK ("period_end" > "period_start");
ALTER TABLE "subscription_addon" ADD CONSTRAINT "subscription_addon_units_check" CHECK ("units" > 0);

-- The snapshot is what was sold: only its end may be written.
CREATE FUNCTION subscription_addon_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an add-on snapshot is immutable' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER subscription_addon_immutable BEFORE UPDATE ON "subscription_addon"
  FOR EACH ROW WHEN ((OLD."price_minor", OLD."currency", OLD."units", OLD."grants", OLD."price_kind", OLD."attached_at")
    IS DISTINCT FROM (NEW."price_minor", NEW."currency", NEW."units", NEW."grants", NEW."price_kind", NEW."attached_at"))
  EXECUTE FUNCTION subscription_addon_refuse_change();
