-- What members were told they owe, period by period; never changed.
CREATE TABLE "statement" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "period_to" TIMESTAMPTZ(3) NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "opening_minor" BIGINT NOT NULL,
    "closing_minor" BIGINT NOT NULL,
    "entries" INTEGER NOT NULL,
    "first_number" BIGINT,
    "last_number" BIGINT,
    "run_id" UUID,
    "license_version" INTEGER NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "statement_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "statement_account_id_currency_fkey" FOREIGN KEY ("account_id", "currency") REFERENCES "ledger_account" ("id", "currency") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "statement_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "billing_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "statement_half_open" CHECK ("period_from" < "period_to"),
    CONSTRAINT "statement_entries_counted" CHECK ("entries" >= 0 AND ("entries" = 0) = ("first_number" IS NULL) AND ("entries" = 0) = ("last_number" IS NULL)),
    CONSTRAINT "statement_without_entries" CHECK ("entries" > 0 OR "opening_minor" = "closing_minor")
);
CREATE UNIQUE INDEX "statement_of_period" ON "statement" ("account_id", "period_from");
CREATE INDEX "statement_of_run" ON "statement" ("run_id") WHERE "run_id" IS NOT NULL;

CREATE TABLE "skipped_statement" (
    "run_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "reason" VARCHAR(200) NOT NULL,
    "license_version" INTEGER,
    "skipped_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "skipped_statement_pkey" PRIMARY KEY ("run_id", "account_id"),
    CONSTRAINT "skipped_statement_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "billing_run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "skipped_statement_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "ledger_account" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- A statement begins where the one before it ended, with what that one closed with.
CREATE FUNCTION "statements_continue"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM added s
     CROSS JOIN LATERAL (SELECT p.period_to, p.closing_minor FROM statement p
       WHERE p.account_id = s.account_id AND p.period_from < s.period_from ORDER BY p.period_from DESC LIMIT 1) before
     WHERE before.period_to <> s.period_from OR before.closing_minor <> s.opening_minor) THEN
    RAISE EXCEPTION 'a statement goes on where the one before it ended' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "statement_continues" AFTER INSERT ON "statement" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION "statements_continue"();
CREATE TRIGGER "statement_stays" BEFORE UPDATE OR DELETE OR TRUNCATE ON "statement"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

DO $$
DECLARE grantee TEXT;
BEGIN
  FOR grantee IN
    SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE c.oid = 'statement'::regclass AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON statement, skipped_statement FROM %I', grantee);
  END LOOP;
END $$;
