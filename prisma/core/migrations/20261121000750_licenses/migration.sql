-- CreateTable
CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "private_key_encrypted" TEXT NOT NULL,
    "trusted_statement" TEXT NOT NULL,
    "revoked_statement" TEXT,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "imported_at" TIMESTAMPTZ(3) NOT NULL,
    "signing_from" TIMESTAMPTZ(3),
    "signing_to" TIMESTAMPTZ(3),

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "license" (
    "deployment_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "jti" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "kid" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "claims" JSONB NOT NULL,
    "signed" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "license_pkey" PRIMARY KEY ("deployment_id","version")
);

-- CreateTable
CREATE TABLE "license_head" (
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "region" TEXT NOT NULL,
    "home_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "jti" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "reissue_due_at" TIMESTAMPTZ(3),
    "last_published_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "purge_after" TIMESTAMPTZ(3),

    CONSTRAINT "license_head_pkey" PRIMARY KEY ("deployment_id")
);

-- CreateTable
CREATE TABLE "license_applied" (
    "deployment_id" UUID NOT NULL,
    "home_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "license_version" BIGINT NOT NULL,
    "license_jti" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL,
    "database_state" TEXT NOT NULL,
    "database_name" TEXT NOT NULL,
    "schema_version" TEXT,
    "reason" TEXT,
    "admin_bootstrapped" BOOLEAN NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "license_applied_pkey" PRIMARY KEY ("deployment_id","home_id")
);

-- CreateTable
CREATE TABLE "instance" (
    "id" TEXT NOT NULL,
    "home_id" UUID NOT NULL,
    "region" TEXT NOT NULL,
    "kids" TEXT[],
    "licenses_digest" TEXT NOT NULL,
    "license_count" INTEGER NOT NULL,
    "refused" JSONB NOT NULL,
    "schema_version" TEXT,
    "draining" BOOLEAN NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance_license" (
    "instance_id" TEXT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_license_pkey" PRIMARY KEY ("instance_id","deployment_id")
);

-- CreateTable
CREATE TABLE "license_propagation" (
    "deployment_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "last_applied_at" TIMESTAMPTZ(3) NOT NULL,
    "millis" BIGINT NOT NULL,

    CONSTRAINT "license_propagation_pkey" PRIMARY KEY ("deployment_id","version")
);

-- CreateTable
CREATE TABLE "license_quarantine" (
    "content_hash" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "record" JSONB NOT NULL,
    "count" INTEGER NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "license_quarantine_pkey" PRIMARY KEY ("content_hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "license_jti_key" ON "license"("jti");

-- CreateIndex
CREATE INDEX "license_head_reissue_due_at_idx" ON "license_head"("reissue_due_at");

-- CreateIndex
CREATE INDEX "license_head_last_published_at_idx" ON "license_head"("last_published_at");

-- CreateIndex
CREATE INDEX "license_head_home_id_idx" ON "license_head"("home_id");

-- CreateIndex
CREATE INDEX "instance_home_id_received_at_idx" ON "instance"("home_id", "received_at");

-- CreateIndex
CREATE INDEX "instance_license_deployment_id_idx" ON "instance_license"("deployment_id");

ALTER TABLE "license" ADD CONSTRAINT "license_status_check" CHECK ("status" IN ('active', 'suspended', 'revoked'));
ALTER TABLE "license" ADD CONSTRAINT "license_version_check" CHECK ("version" > 0);

-- At most one key signs.
CREATE UNIQUE INDEX "signing_key_one_signing" ON "signing_key" ((true))
  WHERE "signing_from" IS NOT NULL AND "signing_to" IS NULL;

CREATE FUNCTION license_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- What was signed and published stays.
CREATE TRIGGER license_insert_only BEFORE UPDATE OR DELETE ON "license"
  FOR EACH ROW EXECUTE FUNCTION license_refuse_change();
-- A version only rises, and only a new version changes what is present.
CREATE TRIGGER license_head_rises BEFORE UPDATE ON "license_head"
  FOR EACH ROW WHEN (NEW."version" < OLD."version" OR (NEW."version" = OLD."version" AND NEW."jti" <> OLD."jti"))
  EXECUTE FUNCTION license_refuse_change();
CREATE TRIGGER instance_license_rises BEFORE UPDATE ON "instance_license"
  FOR EACH ROW WHEN (NEW."version" < OLD."version") EXECUTE FUNCTION license_refuse_change();
