-- The owner mark of a tenant database.
CREATE TABLE "tenant_info" (
    "id" SMALLINT NOT NULL,
    "home_id" UUID NOT NULL,
    "deployment_id" UUID,
    "tenant_id" UUID,
    "marked_at" TIMESTAMPTZ(3),

    CONSTRAINT "tenant_info_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "tenant_info_single_row" CHECK ("id" = 1),
    CONSTRAINT "tenant_info_marked_whole" CHECK (
        ("deployment_id" IS NULL) = ("tenant_id" IS NULL) AND ("deployment_id" IS NULL) = ("marked_at" IS NULL)
    )
);
