-- While a deployment is retired its license is suspended instead of revoked, until its final invoice is issued.
ALTER TABLE "license_head" ADD COLUMN "revocation_held_at" TIMESTAMPTZ(3);
-- Nothing is published of it any more.
ALTER TABLE "license_head" ADD COLUMN "tombstoned_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "retirement" (
    "deployment_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "operation_id" UUID NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "given_up_at" TIMESTAMPTZ(3),
    "given_up_by" TEXT,
    "given_up_reason" VARCHAR(500),

    CONSTRAINT "retirement_pkey" PRIMARY KEY ("deployment_id")
);

ALTER TABLE "retirement" ADD CONSTRAINT "retirement_given_up_wholly"
  CHECK (num_nonnulls("given_up_at", "given_up_by", "given_up_reason") IN (0, 3));

-- Who asked for it, and why, stays; so does that its home was given up.
CREATE TRIGGER retirement_fixed BEFORE UPDATE ON "retirement"
  FOR EACH ROW WHEN (ROW(OLD."deployment_id", OLD."tenant_id", OLD."operation_id", OLD."reason", OLD."requested_by", OLD."requested_at")
    IS DISTINCT FROM ROW(NEW."deployment_id", NEW."tenant_id", NEW."operation_id", NEW."reason", NEW."requested_by", NEW."requested_at")
    OR (OLD."given_up_at" IS NOT NULL AND NEW."given_up_at" IS DISTINCT FROM OLD."given_up_at"))
  EXECUTE FUNCTION deployment_refuse_change();
CREATE TRIGGER retirement_stays BEFORE DELETE ON "retirement"
  FOR EACH ROW EXECUTE FUNCTION deployment_refuse_change();
