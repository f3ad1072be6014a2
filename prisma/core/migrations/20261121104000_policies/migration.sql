-- CreateTable
CREATE TABLE "override_event" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "module" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "cap" TEXT,
    "strategy" TEXT,
    "removed" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "override_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "module_event" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "module" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "module_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "flag_event" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "flag" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "removed" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "flag_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "override_event_deployment_id_id_idx" ON "override_event"("deployment_id", "id");

-- CreateIndex
CREATE INDEX "module_event_deployment_id_id_idx" ON "module_event"("deployment_id", "id");

-- CreateIndex
CREATE INDEX "flag_event_deployment_id_id_idx" ON "flag_event"("deployment_id", "id");

ALTER TABLE "override_event" ADD CONSTRAINT "override_event_says_something_check"
  CHECK ("removed" OR "cap" IS NOT NULL OR "strategy" IS NOT NULL);

-- What a license followed from stays known.
CREATE FUNCTION policy_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% refused on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER override_event_insert_only BEFORE UPDATE OR DELETE ON "override_event"
  FOR EACH ROW EXECUTE FUNCTION policy_refuse_change();
CREATE TRIGGER module_event_insert_only BEFORE UPDATE OR DELETE ON "module_event"
  FOR EACH ROW EXECUTE FUNCTION policy_refuse_change();
CREATE TRIGGER flag_event_insert_only BEFORE UPDATE OR DELETE ON "flag_event"
  FOR EACH ROW EXECUTE FUNCTION policy_refuse_change();
