-- Who members are, how they sign in, and the answers of their POSTs.
ALTER TABLE "member"
    ADD COLUMN "email" VARCHAR(254),
    ADD COLUMN "name" VARCHAR(200),
    ADD COLUMN "password_hash" VARCHAR(128),
    ADD COLUMN "oidc_issuer" VARCHAR(500),
    ADD COLUMN "oidc_subject" VARCHAR(255),
    ADD COLUMN "external_id" VARCHAR(200),
    ADD COLUMN "erased_at" TIMESTAMPTZ(3),
    DROP CONSTRAINT "member_state_known",
    ADD CONSTRAINT "member_state_known" CHECK ("state" IN ('invited', 'active', 'disabled', 'erased')),
    ADD CONSTRAINT "member_oidc_whole" CHECK (("oidc_issuer" IS NULL) = ("oidc_subject" IS NULL)),
    ADD CONSTRAINT "member_email_lower" CHECK ("email" = lower("email")),
    -- Of an erased one nothing is left but what the ledger refers to.
    ADD CONSTRAINT "member_erased_whole" CHECK (
        ("state" = 'erased') = ("erased_at" IS NOT NULL)
        AND ("state" <> 'erased' OR num_nonnulls("email", "name", "password_hash", "oidc_issuer", "external_id") = 0)
    );
CREATE UNIQUE INDEX "member_email" ON "member" ("email") WHERE "email" IS NOT NULL;
CREATE UNIQUE INDEX "member_oidc" ON "member" ("oidc_issuer", "oidc_subject") WHERE "oidc_issuer" IS NOT NULL;
CREATE UNIQUE INDEX "member_external_id" ON "member" ("external_id") WHERE "external_id" IS NOT NULL;

CREATE TABLE "member_session" (
    "token_hash" CHAR(64) NOT NULL,
    "member_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "member_session_pkey" PRIMARY KEY ("token_hash"),
    CONSTRAINT "member_session_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "member_session_member_id" ON "member_session" ("member_id");
CREATE INDEX "member_session_expires_at" ON "member_session" ("expires_at");

CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "token_hash" CHAR(64) NOT NULL,
    "prefix" VARCHAR(16) NOT NULL,
    "last_four" CHAR(4) NOT NULL,
    "scopes" TEXT[] NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_key_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "api_key_token_hash" ON "api_key" ("token_hash");
CREATE INDEX "api_key_member_id" ON "api_key" ("member_id");

-- Append-only: who did what to whom. Values are not here: an erased member leaves none.
CREATE TABLE "member_audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" VARCHAR(128) NOT NULL,
    "action" VARCHAR(64) NOT NULL,
    "object" VARCHAR(128) NOT NULL,
    CONSTRAINT "member_audit_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "member_audit_object" ON "member_audit" ("object", "id");

CREATE TABLE "idempotency_key" (
    "principal" VARCHAR(128) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "method" VARCHAR(8) NOT NULL,
    "path" VARCHAR(2048) NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "status" SMALLINT NOT NULL,
    "body" JSONB,
    "body_text" TEXT,
    "headers" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("principal", "key")
);
CREATE INDEX "idempotency_key_expires_at" ON "idempotency_key" ("expires_at");

DO $$
DECLARE grantee TEXT;
BEGIN
  FOR grantee IN
    SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE c.oid = 'member_audit'::regclass AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON member_audit FROM %I', grantee);
  END LOOP;
END $$;
