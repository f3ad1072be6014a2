-- The lines of many invoices come in one statement: they are counted once for all, not once a line. That an invoice adds up is
-- still checked at commit, for the invoice; whoever adds a line later exceeds the number that it was issued with.
DROP TRIGGER "invoice_line_adds_up" ON "invoice_line";

CREATE FUNCTION "invoice_lines_are_as_many"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found TEXT;
BEGIN
  SELECT i."number" INTO found FROM "invoice" i
    WHERE i."id" IN (SELECT "invoice_id" FROM added)
      AND (SELECT count(*) FROM "invoice_line" l WHERE l."invoice_id" = i."id") > i."line_count"
    LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'invoice % does not add up', found USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "invoice_lines_as_many" AFTER INSERT ON "invoice_line"
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "invoice_lines_are_as_many"();
