-- AlterTable
ALTER TABLE "deployment" ADD COLUMN "billing_action_suspended" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "settings" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "template_code" TEXT,
ADD COLUMN "template_version" INTEGER;

-- AlterTable
ALTER TABLE "deployment_event" ADD COLUMN "cause" TEXT;

-- Bills start at what was recorded: when a deployment was created stays too.
CREATE TRIGGER deployment_created_once BEFORE UPDATE ON "deployment"
  FOR EACH ROW WHEN (OLD."created_at" <> NEW."created_at") EXECUTE FUNCTION deployment_refuse_change();
CREATE TRIGGER deployment_kept BEFORE DELETE ON "deployment"
  FOR EACH ROW EXECUTE FUNCTION deployment_refuse_change();

-- A cause that was lifted stays as it was; of one that holds only its end, and where it leads back to, may be written.
CREATE TRIGGER suspension_kept BEFORE DELETE ON "suspension"
  FOR EACH ROW EXECUTE FUNCTION deployment_refuse_change();
CREATE TRIGGER suspension_fixed BEFORE UPDATE ON "suspension"
  FOR EACH ROW WHEN (OLD."to_at" IS NOT NULL OR (OLD."id", OLD."deployment_id", OLD."cause", OLD."from_at")
    IS DISTINCT FROM (NEW."id", NEW."deployment_id", NEW."cause", NEW."from_at"))
  EXECUTE FUNCTION deployment_refuse_change();
