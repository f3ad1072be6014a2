-- The registry of tenant databases of this home.
CREATE TABLE "tenant_database" (
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" VARCHAR(63) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(64),
    "attempts" INTEGER NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3),
    "epoch" INTEGER NOT NULL,
    "schema_version" VARCHAR(95),
    "owner_secret" TEXT NOT NULL,
    "runtime_secret" TEXT NOT NULL,
    "admin_bootstrapped" BOOLEAN NOT NULL,
    "intent_at" TIMESTAMPTZ(3) NOT NULL,
    "ready_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_version" BIGINT,
    "reported_hash" CHAR(64),

    CONSTRAINT "tenant_database_pkey" PRIMARY KEY ("deployment_id"),
    CONSTRAINT "tenant_database_name_of_deployment" CHECK ("name" = 'tenant_' || replace("deployment_id"::text, '-', '')),
    CONSTRAINT "tenant_database_state_known" CHECK ("state" IN ('pending', 'creating', 'migrating', 'ready', 'failed', 'dropped'))
);

CREATE UNIQUE INDEX "tenant_database_name" ON "tenant_database" ("name");

CREATE INDEX "tenant_database_next_attempt_at" ON "tenant_database" ("next_attempt_at");
