-- The period in which the line was owed, where it is not that of its invoice: late usage of an earlier one.
ALTER TABLE "invoice_line"
  ADD COLUMN "period_from" TIMESTAMPTZ(3),
  ADD COLUMN "period_to" TIMESTAMPTZ(3);
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_period_half_open" CHECK (
  ("period_from" IS NULL AND "period_to" IS NULL) OR "period_from" < "period_to"
);

-- Asked for by every bill: what was recorded for earlier periods since the last invoice.
CREATE INDEX "tenant_usage_metric_tenant_id_recorded_at_idx" ON "tenant_usage_metric"("tenant_id", "recorded_at");
