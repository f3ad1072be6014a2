CREATE TRIGGER "credit_note_pdf_falls_due" AFTER INSERT ON "credit_note" REFERENCING NEW TABLE AS issued
  FOR EACH STATEMENT EXECUTE FUNCTION "invoice_pdf_falls_due"('credit_note');

INSERT INTO "invoice_pdf_due" ("document_id", "kind", "attempts", "not_before")
  SELECT "id", 'credit_note', 0, "issued_at" FROM "credit_note";
