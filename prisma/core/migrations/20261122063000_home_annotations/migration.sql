-- What the cluster returned in the annotations of the home's namespace, since when, and why it is no evidence if it is none. Null: nobody
-- has looked since this is written down.
ALTER TABLE "dedicated_home" ADD COLUMN "observed_modules" TEXT[];
ALTER TABLE "dedicated_home" ADD COLUMN "observed_suspended_at" TIMESTAMPTZ(3);
ALTER TABLE "dedicated_home" ADD COLUMN "annotations_flaw" VARCHAR(500);
ALTER TABLE "dedicated_home" ADD COLUMN "annotations_since" TIMESTAMPTZ(3);
