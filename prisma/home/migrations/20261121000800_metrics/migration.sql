CREATE TABLE "home_state" (
    "home_id" UUID NOT NULL,
    "incarnation" INTEGER NOT NULL,
    "first_hour" TIMESTAMPTZ(3) NOT NULL,
    "closed_through" TIMESTAMPTZ(3) NOT NULL,
    "usage_sent_at" TIMESTAMPTZ(3),
    CONSTRAINT "home_state_pkey" PRIMARY KEY ("home_id")
);

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

CREATE TABLE "usage_window" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "window_end" TIMESTAMPTZ(3) NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "aggregation" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" BIGINT NOT NULL,
    "sent_revision" BIGINT NOT NULL,
    "closed" BOOLEAN NOT NULL,
    "license_version" INTEGER,
    CONSTRAINT "usage_window_pkey" PRIMARY KEY ("deployment_id", "meter", "window_start"),
    CONSTRAINT "usage_window_quantity_not_negative" CHECK ("quantity" >= 0),
    CONSTRAINT "usage_window_half_open" CHECK ("hour" <= "window_start" AND "window_start" < "window_end"),
    CONSTRAINT "usage_window_aggregation_known" CHECK ("aggregation" IN ('sum', 'peak', 'last')),
    CONSTRAINT "usage_window_sent_what_was" CHECK ("sent_revision" <= "revision")
);
CREATE INDEX "usage_window_hour_idx" ON "usage_window"("hour");
-- What waits to be sent is few among many: the sender looks only here.
CREATE INDEX "usage_window_unsent" ON "usage_window"("hour") WHERE "sent_revision" < "revision";

CREATE TABLE "hour_close" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "revision" BIGINT NOT NULL,
    "windows" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "hour_close_pkey" PRIMARY KEY ("hour")
);

CREATE TABLE "usage_flush" (
    "process_id" UUID NOT NULL,
    "sequence" BIGINT NOT NULL,
    "flushed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "usage_flush_pkey" PRIMARY KEY ("process_id")
);

-- Revisions only rise: whoever receives the highest one holds the present total.
CREATE FUNCTION "usage_window_revision_rises"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."revision" < OLD."revision" OR (NEW."quantity" <> OLD."quantity" AND NEW."revision" = OLD."revision") THEN
    RAISE EXCEPTION 'the revision of a usage window rises with every change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "usage_window_revision" BEFORE UPDATE ON "usage_window"
  FOR EACH ROW EXECUTE FUNCTION "usage_window_revision_rises"();

-- The log of accepted usage is what totals are recounted from: it is never rewritten.
CREATE FUNCTION "usage_event_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'usage_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_event_append_only" BEFORE UPDATE ON "usage_event"
  FOR EACH ROW EXECUTE FUNCTION "usage_event_is_append_only"();
