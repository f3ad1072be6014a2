-- Bills of the past are computed from when an add-on was attached: of a snapshot only its end may be written, once.
CREATE FUNCTION subscription_addon_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER subscription_addon_kept BEFORE DELETE ON "subscription_addon"
  FOR EACH ROW EXECUTE FUNCTION subscription_addon_refuse();
CREATE TRIGGER subscription_addon_detached_once BEFORE UPDATE ON "subscription_addon"
  FOR EACH ROW WHEN (OLD."detached_at" IS NOT NULL
    OR (OLD."id", OLD."subscription_id", OLD."addon_code", OLD."name", OLD."resource_kind")
    IS DISTINCT FROM (NEW."id", NEW."subscription_id", NEW."addon_code", NEW."name", NEW."resource_kind"))
  EXECUTE FUNCTION subscription_addon_refuse();

ALTER TABLE "subscription_addon" ADD CONSTRAINT "subscription_addon_detached_check" CHECK ("detached_at" >= "attached_at");
