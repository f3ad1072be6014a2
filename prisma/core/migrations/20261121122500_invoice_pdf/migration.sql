CREATE TABLE "invoice_pdf" (
    "document_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "content_hash" CHAR(64) NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "sealed" BYTEA NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    -- One paper of a kind: of two that are made at once the second is not written, and the first is what both answer.
    CONSTRAINT "invoice_pdf_pkey" PRIMARY KEY ("document_id", "kind"),
    CONSTRAINT "invoice_pdf_kind_known" CHECK ("kind" ~ '^(invoice|credit_note|reminder_[1-9])$'),
    -- Never in the clear, whoever writes it.
    CONSTRAINT "invoice_pdf_is_sealed" CHECK ("sealed" <> ''::bytea AND substring("sealed" FROM 1 FOR 4) <> '%PDF'::bytea)
);
CREATE INDEX "invoice_pdf_tenant_id_idx" ON "invoice_pdf"("tenant_id");
-- Encrypted bytes do not get smaller.
ALTER TABLE "invoice_pdf" ALTER COLUMN "sealed" SET STORAGE EXTERNAL;

CREATE TABLE "invoice_pdf_due" (
    "document_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "invoice_pdf_due_pkey" PRIMARY KEY ("document_id", "kind")
);
CREATE INDEX "invoice_pdf_due_not_before_idx" ON "invoice_pdf_due"("not_before");

CREATE FUNCTION "invoice_pdf_is_immutable"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a paper that was made is immutable' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "invoice_pdf_immutable" BEFORE UPDATE OR DELETE ON "invoice_pdf"
  FOR EACH ROW EXECUTE FUNCTION "invoice_pdf_is_immutable"();
CREATE TRIGGER "invoice_pdf_no_truncate" BEFORE TRUNCATE ON "invoice_pdf"
  FOR EACH STATEMENT EXECUTE FUNCTION "invoice_pdf_is_immutable"();

-- Once a statement, not once a row: a roll-up issues thousands of invoices with one.
CREATE FUNCTION "invoice_pdf_falls_due"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "invoice_pdf_due" ("document_id", "kind", "attempts", "not_before")
    SELECT "id", TG_ARGV[0], 0, "issued_at" FROM issued;
  RETURN NULL;
END $$;
CREATE TRIGGER "invoice_pdf_falls_due" AFTER INSERT ON "invoice" REFERENCING NEW TABLE AS issued
  FOR EACH STATEMENT EXECUTE FUNCTION "invoice_pdf_falls_due"('invoice');

INSERT INTO "invoice_pdf_due" ("document_id", "kind", "attempts", "not_before")
  SELECT "id", 'invoice', 0, "issued_at" FROM "invoice";
