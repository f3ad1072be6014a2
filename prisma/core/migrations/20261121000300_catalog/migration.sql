-- CreateTable
CREATE TABLE "meter" (
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "unit" TEXT NOT NULL,
    "aggregation" TEXT NOT NULL,
    "authority" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "meter_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "addon" (
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "resource_kind" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "price" JSONB NOT NULL,
    "grants" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "addon_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "tax" (
    "id" UUID NOT NULL,
    "country" CHAR(2) NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "rate" TEXT NOT NULL,
    "valid_from" DATE NOT NULL,
    "valid_to" DATE,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tax_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan" (
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "rank" INTEGER NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "plan_version" (
    "plan_code" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "content" JSONB NOT NULL,
    "content_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "plan_version_pkey" PRIMARY KEY ("plan_code","version")
);

-- CreateIndex
CREATE UNIQUE INDEX "tax_country_code_valid_from_key" ON "tax"("country", "code", "valid_from");

-- AddForeignKey
ALTER TABLE "plan_version" ADD CONSTRAINT "plan_version_plan_code_fkey" FOREIGN KEY ("plan_code") REFERENCES "plan"("code") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "meter" ADD CONSTRAINT "meter_aggregation_check" CHECK ("aggregation" IN ('sum', 'peak', 'last'));
ALTER TABLE "meter" ADD CONSTRAINT "meter_authority_check" CHECK ("authority" IN ('control', 'data'));
ALTER TABLE "plan_version" ADD CONSTRAINT "plan_version_state_check"
  CHECK (("state" = 'draft' AND "published_at" IS NULL) OR ("state" = 'published' AND "published_at" IS NOT NULL));
ALTER TABLE "tax" ADD CONSTRAINT "tax_dates_check" CHECK ("valid_to" IS NULL OR "valid_to" > "valid_from");

-- One draft a plan: two editors see each other's work instead of racing for the next number.
CREATE UNIQUE INDEX "plan_version_one_draft" ON "plan_version" ("plan_code") WHERE "state" = 'draft';

-- Subscriptions, licenses and bills point at published versions: they stay what they were.
CREATE FUNCTION plan_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'plan version % of % is published and immutable', OLD."version", OLD."plan_code"
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER plan_version_published_immutable BEFORE UPDATE OR DELETE ON "plan_version"
  FOR EACH ROW WHEN (OLD."state" = 'published') EXECUTE FUNCTION plan_version_refuse_change();
