-- CreateTable
CREATE TABLE "move_step" (
    "deployment_id" UUID NOT NULL,
    "to_epoch" INTEGER NOT NULL,
    "step" VARCHAR(32) NOT NULL,
    "kept_since" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "move_step_pkey" PRIMARY KEY ("deployment_id","to_epoch","step")
);

-- CreateTable
CREATE TABLE "move_hold" (
    "deployment_id" UUID NOT NULL,
    "to_epoch" INTEGER NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "move_hold_pkey" PRIMARY KEY ("deployment_id")
);

-- CreateTable
CREATE TABLE "move_parcel" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "to_epoch" INTEGER NOT NULL,
    "table_name" VARCHAR(63) NOT NULL,
    "row" JSONB NOT NULL,

    CONSTRAINT "move_parcel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_carried" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "quarter" TIMESTAMPTZ(3) NOT NULL,
    "home_id" UUID NOT NULL,
    "aggregation" TEXT NOT NULL,
    "quantity" DECIMAL(42,12) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_carried_pkey" PRIMARY KEY ("deployment_id","meter","quarter","home_id")
);

-- CreateIndex
CREATE INDEX "move_parcel_table" ON "move_parcel"("deployment_id", "to_epoch", "table_name", "id");

-- Once a statement. The row of the hold is read by a statement of its own, after the writer has its transaction id: whoever makes a
-- hold waits for every transaction that had one, so none slips between the hold and what is handed over.
CREATE FUNCTION refuse_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- What is copied into a home that was left once is written before its hold is lifted.
  IF current_setting('biplane.copies', true) = 'on' THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT 1 FROM "move_hold" h WHERE h."deployment_id" IN (SELECT w."deployment_id" FROM written w)) THEN
    RAISE EXCEPTION 'biplane: the deployment is held for a move' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER usage_event_key_held AFTER INSERT ON "usage_event_key"
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_held();
CREATE TRIGGER limit_slice_held AFTER INSERT ON "limit_slice"
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_held();
CREATE TRIGGER limit_reservation_held AFTER INSERT ON "limit_reservation"
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_held();
CREATE TRIGGER limit_ticket_held AFTER INSERT ON "limit_ticket"
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_held();
