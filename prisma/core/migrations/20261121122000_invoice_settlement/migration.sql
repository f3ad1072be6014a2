-- What an invoice was settled with. Content and lines stay as they were issued; these columns follow payments and credit notes.
ALTER TABLE "invoice"
  ADD COLUMN "credit_applied_minor" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "paid_minor" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "credited_minor" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "open_minor" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "paid_at" TIMESTAMPTZ(3),
  ADD COLUMN "voided_at" TIMESTAMPTZ(3),
  ADD COLUMN "void_reason" TEXT,
  ADD COLUMN "replaces_id" UUID,
  ADD COLUMN "replaced_by_id" UUID,
  ADD COLUMN "buyer_encrypted" TEXT;
CREATE UNIQUE INDEX "invoice_replaces_id_key" ON "invoice"("replaces_id");
CREATE UNIQUE INDEX "invoice_replaced_by_id_key" ON "invoice"("replaced_by_id");
CREATE INDEX "invoice_period_number_idx" ON "invoice"("period", "number");
CREATE INDEX "invoice_status_due_at_idx" ON "invoice"("status", "due_at");
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_replaces_id_fkey" FOREIGN KEY ("replaces_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
-- Checked at commit: the void one names its successor before that is written, or the month would have two.
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_replaced_by_id_fkey" FOREIGN KEY ("replaced_by_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE "invoice_account" (
    "tenant_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    CONSTRAINT "invoice_account_pkey" PRIMARY KEY ("tenant_id")
);

CREATE TABLE "invoice_draft" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "computed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "invoice_draft_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "invoice_draft_tenant_id_period_key" ON "invoice_draft"("tenant_id", "period");

CREATE TABLE "invoice_payment" (
    "id" UUID NOT NULL,
    "invoice_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "applied_minor" BIGINT NOT NULL,
    "excess_minor" BIGINT NOT NULL,
    "method" TEXT NOT NULL,
    "provider" TEXT,
    "provider_reference" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "invoice_payment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "invoice_payment_adds_up" CHECK ("amount_minor" = "applied_minor" + "excess_minor" AND "applied_minor" > 0 AND "excess_minor" >= 0),
    CONSTRAINT "invoice_payment_reference_of_provider" CHECK (("provider" IS NULL) = ("provider_reference" IS NULL))
);
CREATE INDEX "invoice_payment_invoice_id_idx" ON "invoice_payment"("invoice_id");
-- A callback of a provider that comes twice is one payment.
CREATE UNIQUE INDEX "invoice_payment_provider_provider_reference_key" ON "invoice_payment"("provider", "provider_reference");
ALTER TABLE "invoice_payment" ADD CONSTRAINT "invoice_payment_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "credit_note_series" (
    "issuer" TEXT NOT NULL,
    "year" INTEGER NOT NULL,
    "last_number" INTEGER NOT NULL,
    CONSTRAINT "credit_note_series_pkey" PRIMARY KEY ("issuer", "year")
);

CREATE TABLE "credit_note" (
    "id" UUID NOT NULL,
    "invoice_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "year" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL,
    "number" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "subtotal_minor" BIGINT NOT NULL,
    "total_minor" BIGINT NOT NULL,
    "applied_minor" BIGINT NOT NULL,
    "balance_minor" BIGINT NOT NULL,
    "line_count" INTEGER NOT NULL,
    "content" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "credit_note_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "credit_note_cause_known" CHECK ("cause" IN ('manual', 'late_usage')),
    CONSTRAINT "credit_note_sequence_positive" CHECK ("sequence" > 0),
    CONSTRAINT "credit_note_splits" CHECK ("total_minor" = "applied_minor" + "balance_minor" AND "total_minor" > 0 AND "applied_minor" >= 0 AND "balance_minor" >= 0),
    CONSTRAINT "credit_note_content_hash_matches" CHECK ("content_hash" = encode(sha256(convert_to("content", 'UTF8')), 'hex'))
);
CREATE UNIQUE INDEX "credit_note_issuer_year_sequence_key" ON "credit_note"("issuer", "year", "sequence");
CREATE UNIQUE INDEX "credit_note_issuer_number_key" ON "credit_note"("issuer", "number");
CREATE INDEX "credit_note_invoice_id_idx" ON "credit_note"("invoice_id");
CREATE INDEX "credit_note_tenant_id_issued_at_idx" ON "credit_note"("tenant_id", "issued_at");
ALTER TABLE "credit_note" ADD CONSTRAINT "credit_note_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "credit_note_line" (
    "credit_note_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "invoice_id" UUID NOT NULL,
    "invoice_position" INTEGER NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    CONSTRAINT "credit_note_line_pkey" PRIMARY KEY ("credit_note_id", "position")
);
CREATE UNIQUE INDEX "credit_note_line_credit_note_id_invoice_position_key" ON "credit_note_line"("credit_note_id", "invoice_position");
CREATE INDEX "credit_note_line_invoice_id_invoice_position_idx" ON "credit_note_line"("invoice_id", "invoice_position");
ALTER TABLE "credit_note_line" ADD CONSTRAINT "credit_note_line_credit_note_id_fkey" FOREIGN KEY ("credit_note_id") REFERENCES "credit_note"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "credit_note_line" ADD CONSTRAINT "credit_note_line_invoice_id_invoice_position_fkey" FOREIGN KEY ("invoice_id", "invoice_position") REFERENCES "invoice_line"("invoice_id", "position") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "tenant_balance" (
    "tenant_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "balance_minor" BIGINT NOT NULL,
    "entries" INTEGER NOT NULL,
    CONSTRAINT "tenant_balance_pkey" PRIMARY KEY ("tenant_id", "currency"),
    CONSTRAINT "tenant_balance_never_below_zero" CHECK ("balance_minor" >= 0)
);

CREATE TABLE "tenant_balance_entry" (
    "tenant_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "sequence" INTEGER NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "balance_minor" BIGINT NOT NULL,
    "cause" TEXT NOT NULL,
    "source_id" UUID NOT NULL,
    "invoice_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "tenant_balance_entry_pkey" PRIMARY KEY ("tenant_id", "currency", "sequence"),
    CONSTRAINT "tenant_balance_entry_cause_known" CHECK (
      ("cause" IN ('negative_total', 'credit_note', 'overpayment', 'returned') AND "amount_minor" > 0) OR ("cause" = 'applied' AND "amount_minor" < 0)
    )
);
-- What moves the balance moves it once.
CREATE UNIQUE INDEX "tenant_balance_entry_cause_source_id_key" ON "tenant_balance_entry"("cause", "source_id");
CREATE INDEX "tenant_balance_entry_invoice_id_idx" ON "tenant_balance_entry"("invoice_id");
ALTER TABLE "tenant_balance_entry" ADD CONSTRAINT "tenant_balance_entry_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoice"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The balance is the sum of its entries, by construction: only an entry moves it, and each one says what it came to.
CREATE FUNCTION "tenant_balance_entry_moves"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "tenant_balance" VALUES (NEW."tenant_id", NEW."currency", 0, 0) ON CONFLICT DO NOTHING;
  UPDATE "tenant_balance" SET "balance_minor" = "balance_minor" + NEW."amount_minor", "entries" = "entries" + 1
    WHERE "tenant_id" = NEW."tenant_id" AND "currency" = NEW."currency"
    RETURNING "balance_minor", "entries" INTO NEW."balance_minor", NEW."sequence";
  RETURN NEW;
END $$;
CREATE TRIGGER "tenant_balance_entry_moves" BEFORE INSERT ON "tenant_balance_entry"
  FOR EACH ROW EXECUTE FUNCTION "tenant_balance_entry_moves"();

CREATE FUNCTION "tenant_balance_follows_entries"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('INSERT', 'UPDATE') AND pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a balance moves by its entries alone' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "tenant_balance_follows" BEFORE INSERT OR UPDATE OR DELETE ON "tenant_balance"
  FOR EACH ROW EXECUTE FUNCTION "tenant_balance_follows_entries"();
CREATE TRIGGER "tenant_balance_no_truncate" BEFORE TRUNCATE ON "tenant_balance"
  FOR EACH STATEMENT EXECUTE FUNCTION "tenant_balance_follows_entries"();

-- Append-only, from the owner too.
CREATE FUNCTION "settlement_is_immutable"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was recorded in % stays', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "invoice_payment_immutable" BEFORE UPDATE OR DELETE ON "invoice_payment"
  FOR EACH ROW EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "invoice_payment_no_truncate" BEFORE TRUNCATE ON "invoice_payment"
  FOR EACH STATEMENT EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "credit_note_immutable" BEFORE UPDATE OR DELETE ON "credit_note"
  FOR EACH ROW EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "credit_note_no_truncate" BEFORE TRUNCATE ON "credit_note"
  FOR EACH STATEMENT EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "credit_note_line_immutable" BEFORE UPDATE OR DELETE ON "credit_note_line"
  FOR EACH ROW EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "credit_note_line_no_truncate" BEFORE TRUNCATE ON "credit_note_line"
  FOR EACH STATEMENT EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "tenant_balance_entry_immutable" BEFORE UPDATE OR DELETE ON "tenant_balance_entry"
  FOR EACH ROW EXECUTE FUNCTION "settlement_is_immutable"();
CREATE TRIGGER "tenant_balance_entry_no_truncate" BEFORE TRUNCATE ON "tenant_balance_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "settlement_is_immutable"();

-- Those issued before: what is open, and a total below zero becomes a balance.
ALTER TABLE "invoice" DISABLE TRIGGER "invoice_immutable";
UPDATE "invoice" SET "open_minor" = "total_minor" WHERE "status" = 'issued' AND "total_minor" > 0;
UPDATE "invoice" SET "status" = 'paid' WHERE "status" = 'issued' AND "total_minor" < 0;
UPDATE "invoice" SET "paid_at" = "issued_at" WHERE "status" = 'paid';
UPDATE "invoice" SET "voided_at" = "issued_at", "void_reason" = 'before reasons were kept' WHERE "status" = 'void';
ALTER TABLE "invoice" ENABLE TRIGGER "invoice_immutable";
INSERT INTO "tenant_balance_entry" ("tenant_id", "currency", "sequence", "amount_minor", "balance_minor", "cause", "source_id", "invoice_id", "at")
  SELECT "tenant_id", "currency", 0, -"total_minor", 0, 'negative_total', "id", "id", "issued_at" FROM "invoice"
  WHERE "status" = 'paid' AND "total_minor" < 0 ORDER BY "issued_at", "id";

ALTER TABLE "invoice" ADD CONSTRAINT "invoice_settled_within_total" CHECK (
  "credit_applied_minor" >= 0 AND "paid_minor" >= 0 AND "credited_minor" >= 0 AND "open_minor" >= 0
  AND "credit_applied_minor" + "paid_minor" + "open_minor" <= GREATEST("total_minor", 0) AND "credited_minor" <= GREATEST("total_minor", 0)
);
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_status_says_what_is_open" CHECK (
  ("status" = 'issued' AND "open_minor" > 0 AND "paid_at" IS NULL AND "voided_at" IS NULL)
  OR ("status" = 'paid' AND "open_minor" = 0 AND "paid_at" IS NOT NULL AND "voided_at" IS NULL)
  OR ("status" = 'void' AND "open_minor" = 0 AND "paid_at" IS NULL AND "voided_at" IS NOT NULL AND "void_reason" <> '')
);

-- What is open when it is issued, and whether it is paid at once, is arithmetic.
CREATE FUNCTION "invoice_opens"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."open_minor" := GREATEST(NEW."total_minor", 0) - NEW."credit_applied_minor";
  NEW."status" := CASE WHEN NEW."open_minor" = 0 THEN 'paid' ELSE 'issued' END;
  NEW."paid_at" := CASE WHEN NEW."open_minor" = 0 THEN NEW."issued_at" END;
  NEW."paid_minor" := 0;
  NEW."credited_minor" := 0;
  NEW."voided_at" := NULL;
  NEW."replaced_by_id" := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER "invoice_opens" BEFORE INSERT ON "invoice" FOR EACH ROW EXECUTE FUNCTION "invoice_opens"();

-- What was issued stays: a status moves forward, and what is open falls by payments and credit notes alone.
CREATE OR REPLACE FUNCTION "invoice_is_immutable"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE settling CONSTANT TEXT[] := ARRAY['status', 'open_minor', 'paid_minor', 'credited_minor', 'paid_at'];
DECLARE voiding CONSTANT TEXT[] := ARRAY['status', 'open_minor', 'voided_at', 'void_reason', 'replaced_by_id'];
BEGIN
  IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND OLD."status" IN ('issued', 'paid') AND NEW."status" IN (OLD."status", 'paid')
     AND NEW."paid_minor" >= OLD."paid_minor" AND NEW."credited_minor" >= OLD."credited_minor" AND NEW."open_minor" <= OLD."open_minor"
     AND (OLD."status" = 'issued' OR NEW."paid_at" = OLD."paid_at")
     AND to_jsonb(NEW) - settling = to_jsonb(OLD) - settling THEN RETURN NEW; END IF;
  -- Nothing was paid on it and nothing credited.
  IF TG_OP = 'UPDATE' AND OLD."status" = 'issued' AND NEW."status" = 'void' AND OLD."paid_minor" = 0 AND OLD."credited_minor" = 0
     AND to_jsonb(NEW) - voiding = to_jsonb(OLD) - voiding THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an issued invoice is immutable' USING ERRCODE = 'restrict_violation';
END $$;

-- Both lock the invoice's row, so that no two of them take the same open amount.
CREATE FUNCTION "invoice_payment_settles"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "invoice" SET "paid_minor" = "paid_minor" + NEW."applied_minor", "open_minor" = "open_minor" - NEW."applied_minor",
      "status" = CASE WHEN "open_minor" = NEW."applied_minor" THEN 'paid' ELSE "status" END,
      "paid_at" = CASE WHEN "open_minor" = NEW."applied_minor" THEN NEW."recorded_at" ELSE "paid_at" END
    WHERE "id" = NEW."invoice_id" AND "tenant_id" = NEW."tenant_id" AND "currency" = NEW."currency" AND "status" = 'issued';
  IF NOT FOUND THEN RAISE EXCEPTION 'the invoice is not open for this payment' USING ERRCODE = 'restrict_violation'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "invoice_payment_settles" BEFORE INSERT ON "invoice_payment"
  FOR EACH ROW EXECUTE FUNCTION "invoice_payment_settles"();

CREATE FUNCTION "credit_note_settles"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "invoice" SET "credited_minor" = "credited_minor" + NEW."total_minor", "open_minor" = "open_minor" - NEW."applied_minor",
      "status" = CASE WHEN "status" = 'issued' AND "open_minor" = NEW."applied_minor" THEN 'paid' ELSE "status" END,
      "paid_at" = CASE WHEN "status" = 'issued' AND "open_minor" = NEW."applied_minor" THEN NEW."issued_at" ELSE "paid_at" END
    WHERE "id" = NEW."invoice_id" AND "tenant_id" = NEW."tenant_id" AND "currency" = NEW."currency" AND "status" <> 'void';
  IF NOT FOUND THEN RAISE EXCEPTION 'the invoice cannot be credited' USING ERRCODE = 'restrict_violation'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "credit_note_settles" BEFORE INSERT ON "credit_note"
  FOR EACH ROW EXECUTE FUNCTION "credit_note_settles"();

-- A credit note adds up, and no line of an invoice is credited beyond what it came to.
CREATE FUNCTION "credit_note_adds_up"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE checked UUID := COALESCE(to_jsonb(NEW) ->> 'credit_note_id', to_jsonb(NEW) ->> 'id')::uuid;
DECLARE head "credit_note"%ROWTYPE;
DECLARE lines INTEGER;
DECLARE untaxed NUMERIC;
DECLARE summed NUMERIC;
BEGIN
  SELECT * INTO head FROM "credit_note" WHERE "id" = checked;
  SELECT count(*), COALESCE(sum(c."amount_minor"), 0), COALESCE(sum(c."amount_minor") FILTER (WHERE l."kind" <> 'tax'), 0)
    INTO lines, summed, untaxed FROM "credit_note_line" c
    JOIN "invoice_line" l ON l."invoice_id" = c."invoice_id" AND l."position" = c."invoice_position"
    WHERE c."credit_note_id" = checked AND c."invoice_id" = head."invoice_id";
  IF lines <> head."line_count" OR summed <> head."total_minor" OR untaxed <> head."subtotal_minor" THEN
    RAISE EXCEPTION 'credit note % does not add up', head."number" USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM "credit_note_line" c JOIN "invoice_line" l ON l."invoice_id" = c."invoice_id" AND l."position" = c."invoice_position"
    WHERE c."invoice_id" = head."invoice_id" GROUP BY l."position", l."amount_minor"
    HAVING sum(c."amount_minor") * sign(l."amount_minor") < 0 OR abs(sum(c."amount_minor")) > abs(l."amount_minor")
  ) THEN RAISE EXCEPTION 'credit note % takes more of a line than it came to', head."number" USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "credit_note_total_is_sum_of_lines" AFTER INSERT ON "credit_note"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "credit_note_adds_up"();
CREATE CONSTRAINT TRIGGER "credit_note_line_adds_up" AFTER INSERT ON "credit_note_line"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "credit_note_adds_up"();

-- Numbers are taken as a range: a series cannot be wound back, and at commit each number taken has its document.
CREATE OR REPLACE FUNCTION "invoice_series_rises_by_one"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW."last_number" = 0 THEN RETURN NEW; END IF;
  IF TG_OP = 'UPDATE' AND NEW."issuer" = OLD."issuer" AND NEW."year" = OLD."year"
     AND NEW."last_number" > OLD."last_number" THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a series of numbers starts at zero and only rises' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "credit_note_series_gapless" BEFORE INSERT OR UPDATE OR DELETE ON "credit_note_series"
  FOR EACH ROW EXECUTE FUNCTION "invoice_series_rises_by_one"();

CREATE FUNCTION "series_is_filled"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE filled INTEGER;
BEGIN
  EXECUTE format('SELECT count(*) FROM %I WHERE issuer = $1 AND year = $2 AND sequence > $3 AND sequence <= $4', TG_ARGV[0])
    INTO filled USING NEW."issuer", NEW."year", OLD."last_number", NEW."last_number";
  IF filled <> NEW."last_number" - OLD."last_number" THEN
    RAISE EXCEPTION 'series %/% would have a gap', NEW."issuer", NEW."year" USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "invoice_series_filled" AFTER UPDATE ON "invoice_series"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "series_is_filled"('invoice');
CREATE CONSTRAINT TRIGGER "credit_note_series_filled" AFTER UPDATE ON "credit_note_series"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "series_is_filled"('credit_note');
