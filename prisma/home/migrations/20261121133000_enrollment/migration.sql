-- Dedicated homes that this region's pool has enrolled: an intent first, then what was made. Passwords and keys are sealed.
CREATE TABLE "enrolled_home" (
    "home_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "epoch" INTEGER,
    "owner_secret" TEXT NOT NULL,
    "runtime_secret" TEXT NOT NULL,
    "tenant_owner_secret" TEXT,
    "tenant_runtime_secret" TEXT,
    "redis_secret" TEXT NOT NULL,
    "token_key_secret" TEXT NOT NULL,
    "field_keys_secret" TEXT NOT NULL,
    "intent_at" TIMESTAMPTZ(3) NOT NULL,
    "enrolled_at" TIMESTAMPTZ(3),
    "last_enrolled_at" TIMESTAMPTZ(3),
    "tenant_made_at" TIMESTAMPTZ(3),
    "dropped_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrolled_home_pkey" PRIMARY KEY ("home_id"),
    CONSTRAINT "enrolled_home_state_known" CHECK ("state" IN ('creating', 'enrolled', 'dropping', 'dropped')),
    CONSTRAINT "enrolled_home_tenant_secrets_of_epoch" CHECK (
        ("epoch" IS NULL) = ("tenant_owner_secret" IS NULL) AND ("epoch" IS NULL) = ("tenant_runtime_secret" IS NULL)
    )
);

CREATE INDEX "enrolled_home_deployment" ON "enrolled_home" ("deployment_id");

-- The placement of a deployment whose roles were locked out: only rises, and no older license opens the door again.
CREATE TABLE "deployment_fence" (
    "deployment_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "fenced_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deployment_fence_pkey" PRIMARY KEY ("deployment_id")
);

-- When a retired deployment's database began to be dropped; whoever finds it set goes on, unless a newer license brought it back.
ALTER TABLE "tenant_database" ADD COLUMN "drop_intent_at" TIMESTAMPTZ(3);
