-- Entries of the catalog are added, never edited: subscriptions, licenses and bills name them.
CREATE FUNCTION catalog_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER meter_insert_only BEFORE UPDATE OR DELETE ON "meter"
  FOR EACH ROW EXECUTE FUNCTION catalog_refuse_change();
CREATE TRIGGER addon_insert_only BEFORE UPDATE OR DELETE ON "addon"
  FOR EACH ROW EXECUTE FUNCTION catalog_refuse_change();
CREATE TRIGGER tax_insert_only BEFORE UPDATE OR DELETE ON "tax"
  FOR EACH ROW EXECUTE FUNCTION catalog_refuse_change();
-- A plan is what its published versions are sold as.
CREATE TRIGGER plan_insert_only BEFORE UPDATE OR DELETE ON "plan"
  FOR EACH ROW EXECUTE FUNCTION catalog_refuse_change();
