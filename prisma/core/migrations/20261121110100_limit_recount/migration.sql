CREATE TABLE "limit_recount" (
    "deployment_id" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "limit_recount_pkey" PRIMARY KEY ("deployment_id", "meter", "round"),
    CONSTRAINT "limit_recount_round_known" CHECK ("round" IN (1, 2))
);
CREATE INDEX "limit_recount_due_at_idx" ON "limit_recount"("due_at");
