-- CreateTable
CREATE TABLE "invoice_reminder" (
    "invoice_id" UUID NOT NULL,
    "level" INTEGER NOT NULL CHECK ("level" BETWEEN 1 AND 3),
    "tenant_id" UUID NOT NULL,
    "state" VARCHAR(16) NOT NULL CHECK ("state" IN ('sent', 'skipped')),
    "skipped_because" VARCHAR(32),
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,
    "pdf_sha256" CHAR(64),
    "mail_id" UUID,

    CONSTRAINT "invoice_reminder_pkey" PRIMARY KEY ("invoice_id","level"),
    CONSTRAINT "invoice_reminder_sent_has_its_paper" CHECK (("state" = 'sent') = ("pdf_sha256" IS NOT NULL AND "mail_id" IS NOT NULL)),
    CONSTRAINT "invoice_reminder_skipped_says_why" CHECK (("state" = 'skipped') = ("skipped_because" IS NOT NULL))
);

-- CreateIndex
CREATE INDEX "invoice_reminder_tenant_id_idx" ON "invoice_reminder"("tenant_id");

-- Each level of each invoice is decided once.
CREATE FUNCTION invoice_reminder_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a reminder was decided and does not change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER invoice_reminder_insert_only BEFORE UPDATE OR DELETE ON "invoice_reminder"
  FOR EACH ROW EXECUTE FUNCTION invoice_reminder_refuse_change();
