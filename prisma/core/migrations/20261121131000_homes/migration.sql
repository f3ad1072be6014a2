-- CreateTable
CREATE TABLE "dedicated_home" (
    "home_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "region" VARCHAR(32) NOT NULL,
    "epoch" INTEGER NOT NULL CHECK ("epoch" >= 1),
    "url" VARCHAR(2048) NOT NULL,
    "tenant_slug" VARCHAR(63) NOT NULL,
    "deployment_slug" VARCHAR(63) NOT NULL,
    "desired" VARCHAR(16) NOT NULL CHECK ("desired" IN ('running', 'stopped', 'absent')),
    "modules" TEXT[],
    "suspended_at" TIMESTAMPTZ(3),
    "kept_running" BOOLEAN NOT NULL,
    "token_encrypted" TEXT,
    "token_hash" CHAR(64),
    "generation" INTEGER NOT NULL,
    "observed_generation" INTEGER NOT NULL,
    "absent_since" TIMESTAMPTZ(3),
    "gone_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dedicated_home_pkey" PRIMARY KEY ("home_id"),
    -- Whoever shall be no more cannot enroll, and what cannot enroll is not wanted.
    CONSTRAINT "dedicated_home_token_while_wanted" CHECK (("desired" = 'absent') = ("token_encrypted" IS NULL)),
    CONSTRAINT "dedicated_home_hash_of_token" CHECK (("token_encrypted" IS NULL) = ("token_hash" IS NULL)),
    CONSTRAINT "dedicated_home_absent_since" CHECK (("desired" = 'absent') = ("absent_since" IS NOT NULL)),
    CONSTRAINT "dedicated_home_gone_when_absent" CHECK ("gone_at" IS NULL OR "desired" = 'absent')
);

-- CreateTable
CREATE TABLE "home_condition" (
    "home_id" UUID NOT NULL,
    "type" VARCHAR(16) NOT NULL CHECK ("type" IN ('Applied', 'Available', 'Gone')),
    "status" BOOLEAN NOT NULL,
    "reason" VARCHAR(64) NOT NULL,
    "message" VARCHAR(500),
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "home_condition_pkey" PRIMARY KEY ("home_id", "type")
);

-- CreateTable
CREATE TABLE "reconcile_request" (
    "home_id" UUID NOT NULL,
    "region" VARCHAR(32) NOT NULL,
    "cause" VARCHAR(32) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL,
    "wakeups" BIGINT NOT NULL,
    "lease_holder" UUID,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "reconcile_request_pkey" PRIMARY KEY ("home_id"),
    CONSTRAINT "reconcile_request_lease" CHECK (("lease_holder" IS NULL) = ("lease_until" IS NULL))
);

-- CreateTable
CREATE TABLE "home_observation" (
    "id" BIGSERIAL NOT NULL,
    "home_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "conditions" JSONB NOT NULL,
    "is_gone" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "home_observation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "dedicated_home_deployment_id_idx" ON "dedicated_home"("deployment_id");

-- CreateIndex
CREATE INDEX "reconcile_request_region_due_at_idx" ON "reconcile_request"("region", "due_at");

-- CreateIndex
CREATE INDEX "home_observation_home_id_id_idx" ON "home_observation"("home_id", "id");

-- CreateIndex
CREATE INDEX "home_observation_consumed_at_idx" ON "home_observation"("consumed_at");

-- AddForeignKey
ALTER TABLE "home_condition" ADD CONSTRAINT "home_condition_home_id_fkey" FOREIGN KEY ("home_id") REFERENCES "dedicated_home"("home_id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What nobody was told yet is few among many; the schema cannot say "partial".
CREATE INDEX "home_observation_waiting" ON "home_observation"("home_id", "id") WHERE "consumed_at" IS NULL;

-- A home stays whose it is, and one that shall be no more is not wanted again: another one is made.
CREATE FUNCTION dedicated_home_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a dedicated home keeps its deployment, its epoch and its end' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER dedicated_home_final BEFORE UPDATE ON "dedicated_home"
  FOR EACH ROW WHEN (OLD."home_id" <> NEW."home_id" OR OLD."deployment_id" <> NEW."deployment_id" OR OLD."tenant_id" <> NEW."tenant_id"
    OR OLD."epoch" <> NEW."epoch" OR (OLD."desired" = 'absent' AND NEW."desired" <> 'absent')
    OR (OLD."token_hash" IS NOT NULL AND NEW."token_hash" IS NOT NULL AND OLD."token_hash" <> NEW."token_hash"))
  EXECUTE FUNCTION dedicated_home_is_final();
