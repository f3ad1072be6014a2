CREATE TABLE "invoice_series" (
    "issuer" TEXT NOT NULL,
    "year" INTEGER NOT NULL,
    "last_number" INTEGER NOT NULL,
    CONSTRAINT "invoice_series_pkey" PRIMARY KEY ("issuer", "year")
);

CREATE TABLE "invoice" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "period_to" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "year" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL,
    "number" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "subtotal_minor" BIGINT NOT NULL,
    "total_minor" BIGINT NOT NULL,
    "line_count" INTEGER NOT NULL,
    "provisional" BOOLEAN NOT NULL,
    "content" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "invoice_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "invoice_kind_known" CHECK ("kind" IN ('cycle')),
    CONSTRAINT "invoice_status_known" CHECK ("status" IN ('issued', 'paid', 'void')),
    CONSTRAINT "invoice_period_shape" CHECK ("period" ~ '^[0-9]{4}-(0[1-9]|1[0-2])$' AND "period_from" < "period_to"),
    CONSTRAINT "invoice_sequence_positive" CHECK ("sequence" > 0),
    -- The content cannot be exchanged even by who may write the table: the database recomputes its hash.
    CONSTRAINT "invoice_content_hash_matches" CHECK ("content_hash" = encode(sha256(convert_to("content", 'UTF8')), 'hex'))
);
CREATE UNIQUE INDEX "invoice_issuer_year_sequence_key" ON "invoice"("issuer", "year", "sequence");
CREATE UNIQUE INDEX "invoice_issuer_number_key" ON "invoice"("issuer", "number");
CREATE INDEX "invoice_tenant_id_issued_at_idx" ON "invoice"("tenant_id", "issued_at");
-- One invoice a tenant and period: whatever is re-run or raced, the second one cannot be written.
CREATE UNIQUE INDEX "invoice_one_live_per_tenant_and_period" ON "invoice"("tenant_id", "period", "kind") WHERE "status" <> 'void';

CREATE TABLE "invoice_line" (
    "invoice_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "line_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "deployment_id" UUID,
    "resource_kind" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    CONSTRAINT "invoice_line_pkey" PRIMARY KEY ("invoice_id", "position")
);
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Numbers rise by one: a series cannot be wound back or jump.
CREATE FUNCTION "invoice_series_rises_by_one"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW."last_number" = 0 THEN RETURN NEW; END IF;
  IF TG_OP = 'UPDATE' AND NEW."issuer" = OLD."issuer" AND NEW."year" = OLD."year"
     AND NEW."last_number" = OLD."last_number" + 1 THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an invoice series starts at zero and rises by one' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "invoice_series_gapless" BEFORE INSERT OR UPDATE OR DELETE ON "invoice_series"
  FOR EACH ROW EXECUTE FUNCTION "invoice_series_rises_by_one"();

-- What was issued stays: of an invoice only the status may move, issued → paid | void.
CREATE FUNCTION "invoice_is_immutable"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD."status" = 'issued' AND NEW."status" IN ('paid', 'void')
     AND to_jsonb(NEW) - 'status' = to_jsonb(OLD) - 'status' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an issued invoice is immutable' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "invoice_immutable" BEFORE UPDATE OR DELETE ON "invoice"
  FOR EACH ROW EXECUTE FUNCTION "invoice_is_immutable"();
CREATE TRIGGER "invoice_no_truncate" BEFORE TRUNCATE ON "invoice"
  FOR EACH STATEMENT EXECUTE FUNCTION "invoice_is_immutable"();

CREATE FUNCTION "invoice_line_is_immutable"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a line of an issued invoice is immutable' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "invoice_line_immutable" BEFORE UPDATE OR DELETE ON "invoice_line"
  FOR EACH ROW EXECUTE FUNCTION "invoice_line_is_immutable"();
CREATE TRIGGER "invoice_line_no_truncate" BEFORE TRUNCATE ON "invoice_line"
  FOR EACH STATEMENT EXECUTE FUNCTION "invoice_line_is_immutable"();

-- Total = sum of lines, checked at commit for the invoice and again for any line that would be added later.
CREATE FUNCTION "invoice_adds_up"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE checked UUID := COALESCE(to_jsonb(NEW) ->> 'invoice_id', to_jsonb(NEW) ->> 'id')::uuid;
DECLARE head "invoice"%ROWTYPE;
DECLARE lines INTEGER;
DECLARE untaxed NUMERIC;
DECLARE summed NUMERIC;
BEGIN
  SELECT * INTO head FROM "invoice" WHERE "id" = checked;
  SELECT count(*), COALESCE(sum("amount_minor"), 0), COALESCE(sum("amount_minor") FILTER (WHERE "kind" <> 'tax'), 0)
    INTO lines, summed, untaxed FROM "invoice_line" WHERE "invoice_id" = checked;
  IF lines <> head."line_count" OR summed <> head."total_minor" OR untaxed <> head."subtotal_minor" THEN
    RAISE EXCEPTION 'invoice % does not add up', head."number" USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "invoice_total_is_sum_of_lines" AFTER INSERT ON "invoice"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "invoice_adds_up"();
CREATE CONSTRAINT TRIGGER "invoice_line_adds_up" AFTER INSERT ON "invoice_line"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "invoice_adds_up"();
