CREATE TABLE "usage_window" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "home_id" UUID NOT NULL,
    "incarnation" INTEGER NOT NULL,
    "window_end" TIMESTAMPTZ(3) NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "aggregation" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "closed" BOOLEAN NOT NULL,
    "license_version" INTEGER,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_window_pkey" PRIMARY KEY ("deployment_id", "meter", "window_start", "home_id", "incarnation"),
    CONSTRAINT "usage_window_quantity_not_negative" CHECK ("quantity" >= 0),
    CONSTRAINT "usage_window_half_open" CHECK ("window_start" < "window_end" AND "hour" <= "window_start"),
    CONSTRAINT "usage_window_aggregation_known" CHECK ("aggregation" IN ('sum', 'peak', 'last'))
);
CREATE INDEX "usage_window_home_id_incarnation_hour_idx" ON "usage_window"("home_id", "incarnation", "hour");

CREATE TABLE "tenant_usage_metric" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "window_end" TIMESTAMPTZ(3) NOT NULL,
    "home_id" UUID NOT NULL,
    "incarnation" INTEGER NOT NULL,
    "revision" BIGINT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "license_version" INTEGER,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "tenant_usage_metric_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tenant_usage_metric_deployment_id_meter_window_start_home_i_key" ON "tenant_usage_metric"("deployment_id", "meter", "window_start", "home_id", "incarnation", "revision");
CREATE INDEX "tenant_usage_metric_tenant_id_window_start_idx" ON "tenant_usage_metric"("tenant_id", "window_start");

CREATE TABLE "home_close" (
    "home_id" UUID NOT NULL,
    "incarnation" INTEGER NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "region" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "windows" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "complete" BOOLEAN NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "home_close_pkey" PRIMARY KEY ("home_id", "incarnation", "hour")
);

CREATE TABLE "usage_quarantine" (
    "id" UUID NOT NULL,
    "region" TEXT NOT NULL,
    "record_type" TEXT NOT NULL,
    "record_hash" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "record" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_quarantine_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "usage_quarantine_record_hash_key" ON "usage_quarantine"("record_hash");
-- Asked for at every close and every bill: whose windows stand here, and in which hour.
CREATE INDEX "usage_quarantine_of_home" ON "usage_quarantine"(("record"->>'homeId')) WHERE "record_type" = 'UsageWindow';
CREATE INDEX "usage_quarantine_of_deployment" ON "usage_quarantine"(("record"->>'deploymentId')) WHERE "record_type" = 'UsageWindow';
CREATE INDEX "usage_quarantine_reason_received_at_idx" ON "usage_quarantine"("reason", "received_at");

-- The history of what was metered is evidence for invoices: it grows, it never changes.
CREATE FUNCTION "tenant_usage_metric_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'tenant_usage_metric is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "tenant_usage_metric_append_only" BEFORE UPDATE OR DELETE ON "tenant_usage_metric"
  FOR EACH ROW EXECUTE FUNCTION "tenant_usage_metric_is_append_only"();
CREATE TRIGGER "tenant_usage_metric_no_truncate" BEFORE TRUNCATE ON "tenant_usage_metric"
  FOR EACH STATEMENT EXECUTE FUNCTION "tenant_usage_metric_is_append_only"();
