-- A run whose turns fail says how often in a row, why, and when it is looked at again: runs of the other kind go on meanwhile.
ALTER TABLE "billing_run"
    ADD COLUMN "failures" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "last_error" VARCHAR(64),
    ADD COLUMN "retry_at" TIMESTAMPTZ(3),
    ADD CONSTRAINT "billing_run_failing_says_why" CHECK (("failures" > 0) = ("last_error" IS NOT NULL) AND ("failures" > 0) = ("retry_at" IS NOT NULL));
