ALTER TABLE "home_state" ADD COLUMN "reconcile_due_at" TIMESTAMPTZ(3);

CREATE TABLE "usage_call" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "counted_at" TIMESTAMPTZ(3) NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_call_pkey" PRIMARY KEY ("deployment_id", "meter", "window_start", "id"),
    CONSTRAINT "usage_call_quantity_not_negative" CHECK ("quantity" >= 0)
);
CREATE INDEX "usage_call_received_at_idx" ON "usage_call" USING BRIN ("received_at");
CREATE INDEX "usage_event_received_at_idx" ON "usage_event" USING BRIN ("received_at");

-- What was counted call by call before there was a log of it: each window's total less its events.
INSERT INTO "usage_call" ("deployment_id", "meter", "quantity", "counted_at", "window_start", "received_at")
SELECT w."deployment_id", w."meter", w."quantity" - coalesce(e."sum", 0), w."last_event_at", w."window_start", w."last_event_at"
  FROM "usage_window" w LEFT JOIN (
    SELECT "deployment_id", "meter", "window_start", sum("quantity") AS "sum" FROM "usage_event" GROUP BY 1, 2, 3
  ) e USING ("deployment_id", "meter", "window_start")
 WHERE w."aggregation" = 'sum' AND w."quantity" > coalesce(e."sum", 0);

CREATE TABLE "usage_adjustment" (
    "id" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "before" DECIMAL(42,12) NOT NULL,
    "after" DECIMAL(42,12) NOT NULL,
    "delta" DECIMAL(42,12) NOT NULL,
    "detail" JSONB NOT NULL,
    "cause" TEXT NOT NULL,
    "adjusted_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_adjustment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "usage_adjustment_subject_known" CHECK ("subject" IN ('window', 'counter')),
    CONSTRAINT "usage_adjustment_is_signed" CHECK ("delta" = "after" - "before")
);
CREATE INDEX "usage_adjustment_deployment_id_adjusted_at_idx" ON "usage_adjustment"("deployment_id", "adjusted_at");

CREATE FUNCTION "usage_log_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_call_append_only" BEFORE UPDATE ON "usage_call"
  FOR EACH ROW EXECUTE FUNCTION "usage_log_is_append_only"();
CREATE TRIGGER "usage_adjustment_append_only" BEFORE UPDATE OR DELETE ON "usage_adjustment"
  FOR EACH ROW EXECUTE FUNCTION "usage_log_is_append_only"();
