-- Which tenant database has something to do, and when: an index of what they say themselves, so that they need not be asked each second.
CREATE TABLE "tenant_visit" (
    "deployment_id" UUID NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "taken_at" TIMESTAMPTZ(3),
    "visited_at" TIMESTAMPTZ(3),
    CONSTRAINT "tenant_visit_pkey" PRIMARY KEY ("deployment_id", "kind")
);
CREATE INDEX "tenant_visit_due" ON "tenant_visit" ("kind", "due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "tenant_visit_visited" ON "tenant_visit" ("kind", "visited_at");
