-- What a run came to is read in the order in which it was decided; each index also serves what the one that it replaces did.
CREATE INDEX "item_period_results" ON "item_period" ("run_id", "recorded_at", "id") WHERE "run_id" IS NOT NULL;
DROP INDEX "item_period_of_run";
CREATE INDEX "statement_results" ON "statement" ("run_id", "issued_at", "id") WHERE "run_id" IS NOT NULL;
DROP INDEX "statement_of_run";
CREATE INDEX "skipped_statement_results" ON "skipped_statement" ("run_id", "skipped_at", "account_id");
