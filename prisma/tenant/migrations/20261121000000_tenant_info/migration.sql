CREATE TABLE "tenant_info" (
    "id" SMALLINT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "schema_version" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tenant_info_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "tenant_info_single_row" CHECK ("id" = 1)
);
