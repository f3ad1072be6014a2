-- For the retention, which goes by when a violation was resolved.
-- CreateIndex
CREATE INDEX "violation_resolved_at_idx" ON "violation"("resolved_at");
