-- Where members may sign in besides by their password, as their tenant's admins say, and sign-ins that are under way there.
CREATE TABLE "identity_provider" (
    "id" UUID NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "issuer" VARCHAR(500) NOT NULL,
    "client_id" VARCHAR(255) NOT NULL,
    "client_secret" TEXT,
    "redirect_uris" TEXT[] NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "identity_provider_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "identity_provider_redirects" CHECK (cardinality("redirect_uris") BETWEEN 1 AND 10),
    CONSTRAINT "identity_provider_secret_sealed" CHECK ("client_secret" LIKE 'v%.%.%.%')
);
CREATE UNIQUE INDEX "identity_provider_issuer" ON "identity_provider" ("issuer");

-- Gone when it is used, whatever comes of it.
CREATE TABLE "oidc_attempt" (
    "state_hash" CHAR(64) NOT NULL,
    "flow_hash" CHAR(64) NOT NULL,
    "provider_id" UUID NOT NULL,
    "purpose" VARCHAR(16) NOT NULL,
    "member_id" UUID,
    "token_hash" CHAR(64),
    "email" VARCHAR(254),
    "name" VARCHAR(200),
    "redirect_uri" VARCHAR(500) NOT NULL,
    "checks" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "oidc_attempt_pkey" PRIMARY KEY ("state_hash"),
    CONSTRAINT "oidc_attempt_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "identity_provider" ("id") ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT "oidc_attempt_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "oidc_attempt_purpose_known" CHECK ("purpose" IN ('sign_in', 'link', 'accept')),
    -- What is linked is linked by a session or an invite, never by what a provider says of an address.
    CONSTRAINT "oidc_attempt_by_whom" CHECK (("purpose" = 'sign_in') = ("token_hash" IS NULL) AND ("purpose" = 'sign_in') = ("member_id" IS NULL)),
    CONSTRAINT "oidc_attempt_checks_sealed" CHECK ("checks" LIKE 'v%.%.%.%')
);
CREATE INDEX "oidc_attempt_expires_at" ON "oidc_attempt" ("expires_at");
CREATE INDEX "oidc_attempt_provider_id" ON "oidc_attempt" ("provider_id");
CREATE INDEX "oidc_attempt_member_id" ON "oidc_attempt" ("member_id");
