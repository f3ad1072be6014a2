-- Who members' papers come from, as the tenant says: a version is added and none is changed, so that a paper can be drawn again as it was.
CREATE TABLE "letterhead_logo" (
    "hash" CHAR(64) NOT NULL,
    "content_type" VARCHAR(16) NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,
    CONSTRAINT "letterhead_logo_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "letterhead_logo_kind" CHECK ("content_type" IN ('image/png', 'image/jpeg')),
    CONSTRAINT "letterhead_logo_bounded" CHECK ("width" BETWEEN 1 AND 2000 AND "height" BETWEEN 1 AND 2000 AND octet_length("bytes") <= 1600000)
);

CREATE TABLE "letterhead" (
    "version" INTEGER NOT NULL,
    "legal_name" VARCHAR(200) NOT NULL,
    "address" TEXT[] NOT NULL,
    "tax_id" VARCHAR(64),
    "registration" VARCHAR(100),
    "contact" TEXT[] NOT NULL,
    "footer" VARCHAR(300),
    "locale" VARCHAR(35) NOT NULL,
    "time_zone" VARCHAR(64) NOT NULL,
    "logo_hash" CHAR(64),
    "recorded_by" VARCHAR(128) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "letterhead_pkey" PRIMARY KEY ("version"),
    CONSTRAINT "letterhead_logo_hash_fkey" FOREIGN KEY ("logo_hash") REFERENCES "letterhead_logo" ("hash") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "letterhead_version_counts" CHECK ("version" >= 1),
    CONSTRAINT "letterhead_lines" CHECK (cardinality("address") <= 8 AND cardinality("contact") <= 6)
);
CREATE TRIGGER "letterhead_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "letterhead"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "letterhead_logo_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "letterhead_logo"
  FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

DO $$
DECLARE grantee TEXT;
BEGIN
  FOR grantee IN
    SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE c.oid = 'letterhead'::regclass AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON letterhead, letterhead_logo FROM %I', grantee);
  END LOOP;
END $$;
