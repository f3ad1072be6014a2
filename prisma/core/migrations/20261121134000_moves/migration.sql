-- CreateTable
CREATE TABLE "move" (
    "operation_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "to_type" VARCHAR(32) NOT NULL,
    "from_home_id" UUID NOT NULL,
    "to_home_id" UUID NOT NULL,
    "to_epoch" INTEGER NOT NULL,
    "to_url" VARCHAR(2048) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "phase" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "drain_at" TIMESTAMPTZ(3),
    "flipped_at" TIMESTAMPTZ(3),
    "served_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "move_pkey" PRIMARY KEY ("operation_id")
);

-- CreateTable
CREATE TABLE "move_step_report" (
    "deployment_id" UUID NOT NULL,
    "to_epoch" INTEGER NOT NULL,
    "step" VARCHAR(32) NOT NULL,
    "home_id" UUID NOT NULL,
    "closed_through" TIMESTAMPTZ(3),
    "tables" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "move_step_report_pkey" PRIMARY KEY ("deployment_id","to_epoch","step")
);

-- CreateIndex
CREATE UNIQUE INDEX "move_epoch" ON "move"("deployment_id", "to_epoch");

ALTER TABLE "move" ADD CONSTRAINT "move_phase_check"
  CHECK ("phase" IN ('preparing', 'draining', 'flipped', 'done', 'rolled_back'));

-- What license each deployment gets is asked at every signing.
CREATE INDEX "move_under_way" ON "move" ("deployment_id") WHERE "phase" IN ('preparing', 'draining', 'flipped');

-- Once the new home was named nothing is undone: SQL cannot either.
CREATE FUNCTION move_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a move that flipped goes on, and one that ended stays ended' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER move_goes_on BEFORE UPDATE OF "phase" ON "move"
  FOR EACH ROW WHEN (OLD."phase" <> NEW."phase" AND (OLD."phase" IN ('done', 'rolled_back')
    OR (OLD."phase" = 'flipped' AND NEW."phase" <> 'done')))
  EXECUTE FUNCTION move_goes_on();
