-- CreateTable
CREATE TABLE "home_stop" (
    "home_id" UUID NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3),

    CONSTRAINT "home_stop_pkey" PRIMARY KEY ("home_id", "from_at"),
    CONSTRAINT "home_stop_ends_after_it_began" CHECK ("to_at" IS NULL OR "to_at" >= "from_at")
);

-- CreateTable
CREATE TABLE "home_orphan" (
    "uid" VARCHAR(64) NOT NULL,
    "namespace" VARCHAR(63) NOT NULL,
    "region" VARCHAR(32) NOT NULL,
    "home_id" VARCHAR(63),
    "deployment_id" VARCHAR(63),
    "reason" VARCHAR(32) NOT NULL CHECK ("reason" IN ('HOME_GONE', 'HOME_UNKNOWN', 'OTHER_DEPLOYMENT')),
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "home_orphan_pkey" PRIMARY KEY ("uid")
);

-- CreateIndex
CREATE INDEX "home_orphan_first_seen_at_idx" ON "home_orphan"("first_seen_at");

-- A home stops once at a time; the schema cannot say "partial".
CREATE UNIQUE INDEX "home_stop_open" ON "home_stop"("home_id") WHERE "to_at" IS NULL;
