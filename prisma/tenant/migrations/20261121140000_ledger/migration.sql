-- What members owe the tenant: double entry, append-only, and the items that charges follow from.
CREATE TABLE "ledger_account" (
    "id" UUID NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "member_id" UUID,
    "currency" CHAR(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "booked_through" TIMESTAMPTZ(3) NOT NULL,
    "stated_through" TIMESTAMPTZ(3),
    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ledger_account_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "ledger_account_kind_known" CHECK ("kind" IN ('receivable', 'revenue', 'cash', 'adjustments')),
    CONSTRAINT "ledger_account_of_a_member" CHECK (("kind" = 'receivable') = ("member_id" IS NOT NULL)),
    CONSTRAINT "ledger_account_currency_code" CHECK ("currency" ~ '^[A-Z]{3}$')
);
-- What a posting refers to, so that its currency is that of its account.
CREATE UNIQUE INDEX "ledger_account_in_currency" ON "ledger_account" ("id", "currency");
CREATE UNIQUE INDEX "ledger_account_of_member" ON "ledger_account" ("member_id", "currency") WHERE "member_id" IS NOT NULL;
CREATE UNIQUE INDEX "ledger_account_of_tenant" ON "ledger_account" ("kind", "currency") WHERE "member_id" IS NULL;

CREATE TABLE "journal_entry" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "account_id" UUID NOT NULL,
    "booked_at" TIMESTAMPTZ(3) NOT NULL,
    "value_at" TIMESTAMPTZ(3),
    "description" VARCHAR(500) NOT NULL,
    "reference" VARCHAR(200),
    "actor" VARCHAR(128) NOT NULL,
    "license_version" INTEGER,
    CONSTRAINT "journal_entry_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "journal_entry_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "ledger_account" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "journal_entry_kind_known" CHECK ("kind" IN ('charge', 'payment', 'refund', 'credit', 'adjustment'))
);
CREATE UNIQUE INDEX "journal_entry_number" ON "journal_entry" ("number");
CREATE INDEX "journal_entry_of_account" ON "journal_entry" ("account_id", "booked_at", "number");

CREATE TABLE "posting" (
    "entry_id" UUID NOT NULL,
    "position" SMALLINT NOT NULL,
    "account_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    CONSTRAINT "posting_pkey" PRIMARY KEY ("entry_id", "position"),
    CONSTRAINT "posting_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "journal_entry" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "posting_account_id_currency_fkey" FOREIGN KEY ("account_id", "currency") REFERENCES "ledger_account" ("id", "currency") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "posting_moves_something" CHECK ("amount_minor" <> 0)
);
CREATE INDEX "posting_of_account" ON "posting" ("account_id");

CREATE TABLE "product" (
    "code" VARCHAR(63) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "archived_at" TIMESTAMPTZ(3),
    CONSTRAINT "product_pkey" PRIMARY KEY ("code"),
    CONSTRAINT "product_code_shape" CHECK ("code" ~ '^[a-z](?:_?[a-z0-9]){0,62}$')
);

CREATE TABLE "account_item" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "product_code" VARCHAR(63) NOT NULL,
    "description" VARCHAR(200) NOT NULL,
    "price_minor" BIGINT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "interval_months" SMALLINT NOT NULL,
    "anchor" DATE NOT NULL,
    "time_zone" VARCHAR(64) NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "next_due_at" TIMESTAMPTZ(3),
    "external_id" VARCHAR(200),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "account_item_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "account_item_account_id_currency_fkey" FOREIGN KEY ("account_id", "currency") REFERENCES "ledger_account" ("id", "currency") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "account_item_product_code_fkey" FOREIGN KEY ("product_code") REFERENCES "product" ("code") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "account_item_price_not_negative" CHECK ("price_minor" >= 0),
    CONSTRAINT "account_item_quantity_positive" CHECK ("quantity" > 0),
    CONSTRAINT "account_item_interval" CHECK ("interval_months" BETWEEN 1 AND 120),
    CONSTRAINT "account_item_half_open" CHECK ("ends_at" IS NULL OR "starts_at" <= "ends_at")
);
CREATE INDEX "account_item_of_account" ON "account_item" ("account_id");
CREATE UNIQUE INDEX "account_item_external_id" ON "account_item" ("external_id") WHERE "external_id" IS NOT NULL;
CREATE INDEX "account_item_due" ON "account_item" ("next_due_at", "id") WHERE "next_due_at" IS NOT NULL;

-- Each period of an item is decided once: charged, or skipped until somebody says forgive or charge.
CREATE TABLE "item_period" (
    "item_id" UUID NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "period_to" TIMESTAMPTZ(3) NOT NULL,
    "id" UUID NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "entry_id" UUID,
    "run_id" UUID,
    "reason" VARCHAR(200),
    "license_version" INTEGER,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by" VARCHAR(128),
    "decided_at" TIMESTAMPTZ(3),
    CONSTRAINT "item_period_pkey" PRIMARY KEY ("item_id", "period_from"),
    CONSTRAINT "item_period_item_id_fkey" FOREIGN KEY ("item_id") REFERENCES "account_item" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "item_period_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "journal_entry" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "item_period_half_open" CHECK ("period_from" < "period_to"),
    CONSTRAINT "item_period_state_known" CHECK ("state" IN ('charged', 'skipped', 'forgiven')),
    CONSTRAINT "item_period_charged_by_entry" CHECK (("entry_id" IS NOT NULL) = ("state" = 'charged' AND "amount_minor" <> 0)),
    CONSTRAINT "item_period_skipped_why" CHECK ("state" <> 'skipped' OR "reason" IS NOT NULL),
    CONSTRAINT "item_period_decided_by" CHECK ("state" <> 'forgiven' OR "decided_by" IS NOT NULL)
);
CREATE UNIQUE INDEX "item_period_id" ON "item_period" ("id");
CREATE UNIQUE INDEX "item_period_entry" ON "item_period" ("entry_id") WHERE "entry_id" IS NOT NULL;
CREATE INDEX "item_period_skipped" ON "item_period" ("recorded_at", "id") WHERE "state" = 'skipped';
CREATE INDEX "item_period_of_run" ON "item_period" ("run_id") WHERE "run_id" IS NOT NULL;

-- An entry is whole when it is committed: at least two postings that sum to zero in each currency.
CREATE FUNCTION "journal_entry_balances"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM posting WHERE entry_id = NEW.id) < 2
     OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
    RAISE EXCEPTION 'the postings of a journal entry sum to zero per currency' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "journal_entry_balanced" AFTER INSERT ON "journal_entry"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "journal_entry_balances"();

-- Nothing is added to an entry later: all its postings come in one statement, balanced.
CREATE FUNCTION "postings_come_at_once"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0)
     OR (SELECT count(*) FROM added) <> (SELECT count(*) FROM posting WHERE entry_id IN (SELECT entry_id FROM added)) THEN
    RAISE EXCEPTION 'the postings of a journal entry come at once and sum to zero per currency' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "posting_at_once" AFTER INSERT ON "posting" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION "postings_come_at_once"();

-- What a statement has told stays: nothing is booked before its end.
CREATE FUNCTION "entries_follow_statements"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added e JOIN ledger_account a ON a.id = e.account_id WHERE e.booked_at < a.stated_through) THEN
    RAISE EXCEPTION 'nothing is booked into a period whose statement is made' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "journal_entry_after_statement" AFTER INSERT ON "journal_entry" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION "entries_follow_statements"();

CREATE FUNCTION "ledger_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "journal_entry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "journal_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "posting_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "posting"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

-- A period is decided once; only what was skipped waits for a decision.
CREATE FUNCTION "item_period_is_decided_once"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."state" <> 'skipped' OR NEW."state" = 'skipped' OR NEW."decided_by" IS NULL
     OR (NEW."item_id", NEW."period_from", NEW."period_to", NEW."id", NEW."recorded_at")
        IS DISTINCT FROM (OLD."item_id", OLD."period_from", OLD."period_to", OLD."id", OLD."recorded_at") THEN
    RAISE EXCEPTION 'a period of an item is decided once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "item_period_decided_once" BEFORE UPDATE ON "item_period"
  FOR EACH ROW EXECUTE FUNCTION "item_period_is_decided_once"();
CREATE TRIGGER "item_period_stays" BEFORE DELETE OR TRUNCATE ON "item_period"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

-- The running service may add to the ledger and read it, nothing else: in the template and in every database that exists.
DO $$
DECLARE grantee TEXT;
BEGIN
  FOR grantee IN
    SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE c.oid = 'journal_entry'::regclass AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON journal_entry, posting FROM %I', grantee);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON item_period, ledger_account, account_item, product FROM %I', grantee);
  END LOOP;
END $$;
