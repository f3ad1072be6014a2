-- CreateTable
CREATE TABLE "deployment" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "reasons" JSONB NOT NULL,
    "requirements" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "first_ready_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_event" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "from_state" TEXT,
    "to_state" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deployment_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "placement" (
    "deployment_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "home_id" UUID NOT NULL,
    "home_url" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3),

    CONSTRAINT "placement_pkey" PRIMARY KEY ("deployment_id","epoch")
);

-- CreateIndex
CREATE INDEX "deployment_created_at_id_idx" ON "deployment"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_tenant_id_slug_key" ON "deployment"("tenant_id", "slug");

-- CreateIndex
CREATE INDEX "deployment_event_deployment_id_id_idx" ON "deployment_event"("deployment_id", "id");

-- CreateIndex
CREATE INDEX "placement_home_id_idx" ON "placement"("home_id");

-- AddForeignKey
ALTER TABLE "deployment_event" ADD CONSTRAINT "deployment_event_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployment"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "placement" ADD CONSTRAINT "placement_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployment"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "deployment" ADD CONSTRAINT "deployment_type_check" CHECK ("type" IN ('shared', 'container_per_tenant'));
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_state_check"
  CHECK ("state" IN ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived'));

-- One open placement at a time.
CREATE UNIQUE INDEX "placement_one_open" ON "placement" ("deployment_id") WHERE "to_at" IS NULL;

CREATE FUNCTION deployment_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Bills read suspended time from here: what happened stays.
CREATE TRIGGER deployment_event_insert_only BEFORE UPDATE OR DELETE ON "deployment_event"
  FOR EACH ROW EXECUTE FUNCTION deployment_refuse_change();
-- Bills start at first ready, and a region never changes.
CREATE TRIGGER deployment_fixed BEFORE UPDATE ON "deployment"
  FOR EACH ROW WHEN (OLD."region" <> NEW."region" OR OLD."tenant_id" <> NEW."tenant_id"
    OR (OLD."first_ready_at" IS NOT NULL AND NEW."first_ready_at" IS DISTINCT FROM OLD."first_ready_at"))
  EXECUTE FUNCTION deployment_refuse_change();
