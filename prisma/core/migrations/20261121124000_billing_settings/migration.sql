-- AlterTable
ALTER TABLE "tenant_billing" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "billing_settings_version" (
    "tenant_id" UUID NOT NULL,
    "version" INTEGER NOT NULL CHECK ("version" > 0),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "time_zone" TEXT NOT NULL,
    "zone_from_month" CHAR(7) NOT NULL CHECK ("zone_from_month" ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$'),
    "country" CHAR(2) NOT NULL,
    "tax_id_encrypted" TEXT,
    "tax_id_valid" BOOLEAN NOT NULL,
    "pay_by_invoice" BOOLEAN NOT NULL,
    "auto_invoice" BOOLEAN NOT NULL,
    "auto_reminders" BOOLEAN NOT NULL,
    "locale" TEXT NOT NULL,
    "address_encrypted" TEXT,
    "email_encrypted" TEXT,
    "payment_method_encrypted" TEXT,
    "due_days" INTEGER NOT NULL CHECK ("due_days" BETWEEN 0 AND 180),
    "discounts" JSONB NOT NULL,

    CONSTRAINT "billing_settings_version_pkey" PRIMARY KEY ("tenant_id","version"),
    CONSTRAINT "billing_settings_version_valid_tax_id" CHECK (NOT "tax_id_valid" OR "tax_id_encrypted" IS NOT NULL)
);

-- What holds for tenants that are there already is their first version.
INSERT INTO "billing_settings_version" ("tenant_id", "version", "recorded_at", "currency", "time_zone", "zone_from_month",
    "country", "tax_id_encrypted", "tax_id_valid", "pay_by_invoice", "auto_invoice", "auto_reminders", "locale", "due_days", "discounts")
  SELECT "tenant_id", 1, "updated_at", "currency", "time_zone", '1000-01',
    "country", "tax_id_encrypted", false, "pay_by_invoice", true, true, "locale", 14, '[]'::jsonb
  FROM "tenant_billing";

-- A past month is computed from what held then: versions are added, never edited.
CREATE FUNCTION billing_settings_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a version of billing settings does not change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER billing_settings_version_insert_only BEFORE UPDATE OR DELETE ON "billing_settings_version"
  FOR EACH ROW EXECUTE FUNCTION billing_settings_refuse_change();
CREATE TRIGGER billing_settings_version_no_truncate BEFORE TRUNCATE ON "billing_settings_version"
  FOR EACH STATEMENT EXECUTE FUNCTION billing_settings_refuse_change();
