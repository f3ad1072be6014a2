-- A statement as it was sealed: what its paper is drawn from, any number of times; and how the mail of it is doing.
CREATE TABLE "statement_paper" (
    "statement_id" UUID NOT NULL,
    "content" TEXT NOT NULL,
    "content_hash" CHAR(64) NOT NULL,
    "letterhead_version" INTEGER,
    "addressee" VARCHAR(254),
    CONSTRAINT "statement_paper_pkey" PRIMARY KEY ("statement_id"),
    CONSTRAINT "statement_paper_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "statement_paper_letterhead_version_fkey" FOREIGN KEY ("letterhead_version") REFERENCES "letterhead" ("version") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "statement_mail" (
    "statement_id" UUID NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "sending" INTEGER NOT NULL,
    "attempts" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),
    "last_error" VARCHAR(64),
    "sent_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "statement_mail_pkey" PRIMARY KEY ("statement_id"),
    CONSTRAINT "statement_mail_statement_id_fkey" FOREIGN KEY ("statement_id") REFERENCES "statement_paper" ("statement_id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "statement_mail_state_known" CHECK ("state" IN ('waiting', 'sent', 'failed')),
    CONSTRAINT "statement_mail_failed_says_why" CHECK ("state" <> 'failed' OR "last_error" IS NOT NULL),
    CONSTRAINT "statement_mail_sent_when" CHECK ("state" <> 'sent' OR "sent_at" IS NOT NULL)
);
-- What waits is few among many; the schema cannot say "partial".
CREATE INDEX "statement_mail_waiting" ON "statement_mail" ("due_at", "statement_id") WHERE "state" = 'waiting';

-- What was sealed stays; only for whom it was is forgotten, when the member is erased.
CREATE FUNCTION "statement_paper_is_sealed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."addressee" IS NOT NULL
     OR (NEW."statement_id", NEW."content", NEW."content_hash", NEW."letterhead_version")
        IS DISTINCT FROM (OLD."statement_id", OLD."content", OLD."content_hash", OLD."letterhead_version") THEN
    RAISE EXCEPTION 'a statement that was sealed stays as it is' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "statement_paper_sealed" BEFORE UPDATE ON "statement_paper"
  FOR EACH ROW EXECUTE FUNCTION "statement_paper_is_sealed"();
CREATE TRIGGER "statement_paper_stays" BEFORE DELETE OR TRUNCATE ON "statement_paper"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

DO $$
DECLARE grantee TEXT;
BEGIN
  FOR grantee IN
    SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE c.oid = 'statement_paper'::regclass AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE DELETE, TRUNCATE ON statement_paper, statement_mail FROM %I', grantee);
  END LOOP;
END $$;
