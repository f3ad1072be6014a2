CREATE TABLE "home_incarnation" (
    "incarnation" INTEGER NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "windows" INTEGER NOT NULL,
    CONSTRAINT "home_incarnation_pkey" PRIMARY KEY ("incarnation")
);

CREATE TABLE "usage_window_before" (
    "incarnation" INTEGER NOT NULL,
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "aggregation" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "revision" BIGINT NOT NULL,
    "license_version" INTEGER,
    CONSTRAINT "usage_window_before_pkey" PRIMARY KEY ("incarnation", "deployment_id", "meter", "window_start")
);
