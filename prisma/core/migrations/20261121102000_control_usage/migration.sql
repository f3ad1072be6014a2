-- Usage that core-api counts itself (meters of the control plane): the same keys and log as a home keeps.
CREATE TABLE "usage_event_key" (
    "deployment_id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_event_key_pkey" PRIMARY KEY ("deployment_id", "source", "event_id")
);
CREATE INDEX "usage_event_key_received_at_idx" ON "usage_event_key" USING BRIN ("received_at");

CREATE TABLE "usage_event" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_event_pkey" PRIMARY KEY ("deployment_id", "meter", "window_start", "id"),
    CONSTRAINT "usage_event_quantity_not_negative" CHECK ("quantity" >= 0)
);
CREATE INDEX "usage_event_received_at_idx" ON "usage_event" USING BRIN ("received_at");

-- The log of accepted usage is what totals are recounted from: it is never rewritten.
CREATE FUNCTION "usage_event_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'usage_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_event_append_only" BEFORE UPDATE ON "usage_event"
  FOR EACH ROW EXECUTE FUNCTION "usage_event_is_append_only"();

-- When the latest reading of a window that core-api counts itself was taken; null for what homes report.
ALTER TABLE "usage_window" ADD COLUMN "last_event_at" TIMESTAMPTZ(3);
-- The control home's windows that are still open: few, and looked for every second.
CREATE INDEX "usage_window_open_of_control" ON "usage_window"("window_end")
  WHERE "home_id" = '00000000-0000-0000-0000-000000000000' AND NOT "closed";

-- A correction of a window that was recounted from the log: signed, never changed, one row each.
CREATE TABLE "usage_adjustment" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "before" DECIMAL(42,12) NOT NULL,
    "after" DECIMAL(42,12) NOT NULL,
    "difference" DECIMAL(42,12) NOT NULL,
    "revision" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "adjusted_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_adjustment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "usage_adjustment_is_the_difference" CHECK ("difference" = "after" - "before" AND "difference" <> 0)
);
CREATE INDEX "usage_adjustment_deployment_id_meter_window_start_idx" ON "usage_adjustment"("deployment_id", "meter", "window_start");
CREATE FUNCTION "usage_adjustment_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'usage_adjustment is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_adjustment_append_only" BEFORE UPDATE OR DELETE ON "usage_adjustment"
  FOR EACH ROW EXECUTE FUNCTION "usage_adjustment_is_append_only"();
CREATE TRIGGER "usage_adjustment_no_truncate" BEFORE TRUNCATE ON "usage_adjustment"
  FOR EACH STATEMENT EXECUTE FUNCTION "usage_adjustment_is_append_only"();

-- What an operator decided of a quarantined record. It stays where it is: marked, never deleted.
ALTER TABLE "usage_quarantine"
  ADD COLUMN "resolution" TEXT,
  ADD COLUMN "resolved_at" TIMESTAMPTZ(3),
  ADD COLUMN "resolved_by" TEXT,
  ADD COLUMN "resolved_because" TEXT,
  ADD COLUMN "counted" BOOLEAN;
ALTER TABLE "usage_quarantine" ADD CONSTRAINT "usage_quarantine_resolution_known" CHECK (
  ("resolution" IS NULL AND "resolved_at" IS NULL AND "resolved_by" IS NULL AND "resolved_because" IS NULL AND "counted" IS NULL)
  OR ("resolution" IN ('released', 'discarded') AND "resolved_at" IS NOT NULL AND "resolved_by" IS NOT NULL
      AND "resolved_because" IS NOT NULL AND "counted" IS NOT NULL)
);
CREATE INDEX "usage_quarantine_received_at_id_idx" ON "usage_quarantine"("received_at", "id");
