-- Which deployment has a run to make, and when: an index of what the tenants' databases say, so that they need not be asked each second.
CREATE TABLE "billing_due" (
    "deployment_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "queued_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "billing_due_pkey" PRIMARY KEY ("deployment_id")
);
CREATE INDEX "billing_due_at" ON "billing_due" ("due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "billing_due_read_at" ON "billing_due" ("read_at");
