-- What this home has verified: licenses by highest version, and the keys that sign them.
CREATE TABLE "license" (
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "home_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "jti" UUID NOT NULL,
    "payload_hash" CHAR(64) NOT NULL,
    "kid" VARCHAR(64) NOT NULL,
    "compact" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "license_pkey" PRIMARY KEY ("deployment_id"),
    CONSTRAINT "license_version_positive" CHECK ("version" >= 1)
);

CREATE INDEX "license_kid" ON "license" ("kid");

CREATE TABLE "trusted_key" (
    "kid" VARCHAR(64) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "statement" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "trusted_key_pkey" PRIMARY KEY ("kid"),
    CONSTRAINT "trusted_key_state_known" CHECK ("state" IN ('trusted', 'revoked'))
);
