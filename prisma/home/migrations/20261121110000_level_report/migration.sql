CREATE TABLE "level_report" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "level_report_pkey" PRIMARY KEY ("deployment_id", "meter")
);
CREATE INDEX "level_report_due_at_idx" ON "level_report"("due_at");
