-- CreateTable
CREATE TABLE "region" (
    "code" TEXT NOT NULL,
    "residency" TEXT NOT NULL,
    "members_max" INTEGER NOT NULL,
    "storage_gb_max" DECIMAL(42,12) NOT NULL,
    "requests_per_day_max" DECIMAL(42,12) NOT NULL,
    "isolating_compliance" TEXT[],
    "domain" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "region_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "home" (
    "id" UUID NOT NULL,
    "region_code" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "home_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "home_region_code_idx" ON "home"("region_code");

-- AddForeignKey
ALTER TABLE "home" ADD CONSTRAINT "home_region_code_fkey" FOREIGN KEY ("region_code") REFERENCES "region"("code") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "home" ADD CONSTRAINT "home_kind_check" CHECK ("kind" IN ('shared', 'dedicated'));

-- One shared pool a region for now; a dedicated home is not one.
CREATE UNIQUE INDEX "home_one_active_pool" ON "home" ("region_code") WHERE "kind" = 'shared' AND "active";

-- A home is its database, and data never leaves its region.
CREATE FUNCTION home_refuse_region_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a home never changes its region' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER home_region_fixed BEFORE UPDATE OF "region_code", "kind" ON "home"
  FOR EACH ROW WHEN (OLD."region_code" <> NEW."region_code" OR OLD."kind" <> NEW."kind")
  EXECUTE FUNCTION home_refuse_region_change();
