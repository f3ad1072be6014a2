CREATE TABLE "violation" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "rule" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "kind" TEXT,
    "module" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "period_start" TIMESTAMPTZ(3) NOT NULL,
    "threshold" DECIMAL(42,12),
    "used" DECIMAL(42,12),
    "cap" DECIMAL(42,12),
    "source" TEXT NOT NULL,
    "detail" TEXT,
    "license_version" INTEGER NOT NULL,
    "count" BIGINT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "detected_at" TIMESTAMPTZ(3) NOT NULL,
    "resolved_at" TIMESTAMPTZ(3),
    "resolved_by" TEXT,
    "resolved_reason" TEXT,
    CONSTRAINT "violation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "violation_severity_known" CHECK ("severity" IN ('info', 'warning', 'critical')),
    CONSTRAINT "violation_kind_known" CHECK ("kind" IN ('warned', 'denied', 'delayed', 'overage')),
    CONSTRAINT "violation_source_known" CHECK ("source" IN ('control', 'data', 'manual')),
    CONSTRAINT "violation_happened" CHECK ("count" > 0 AND "first_at" <= "last_at"),
    CONSTRAINT "violation_resolved_whole" CHECK (("resolved_at" IS NULL) = ("resolved_by" IS NULL) AND ("resolved_at" IS NULL) = ("resolved_reason" IS NULL))
);
-- At most one is open: repeats raise its count.
CREATE UNIQUE INDEX "violation_open" ON "violation"("deployment_id", "rule", "module", "meter", "period_start") WHERE "resolved_at" IS NULL;
CREATE INDEX "violation_tenant_id_id_idx" ON "violation"("tenant_id", "id");
CREATE INDEX "violation_deployment_id_id_idx" ON "violation"("deployment_id", "id");

CREATE TABLE "violation_report" (
    "deployment_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "violation_id" UUID NOT NULL,
    "count" BIGINT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "violation_report_pkey" PRIMARY KEY ("deployment_id", "id"),
    CONSTRAINT "violation_report_violation_id_fkey" FOREIGN KEY ("violation_id") REFERENCES "violation"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "violation_report_violation_id_idx" ON "violation_report"("violation_id");
CREATE INDEX "violation_report_received_at_idx" ON "violation_report"("received_at");
