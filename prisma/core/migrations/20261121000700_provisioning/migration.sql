-- CreateTable
CREATE TABLE "operation" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "next_action_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3),

    CONSTRAINT "operation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operation_step" (
    "operation_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "operation_step_pkey" PRIMARY KEY ("operation_id","position")
);

-- CreateIndex
CREATE INDEX "operation_deployment_id_idx" ON "operation"("deployment_id");

-- CreateIndex
CREATE INDEX "operation_state_deadline_at_idx" ON "operation"("state", "deadline_at");

-- AddForeignKey
ALTER TABLE "operation_step" ADD CONSTRAINT "operation_step_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operation"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "operation" ADD CONSTRAINT "operation_state_check" CHECK ("state" IN ('running', 'succeeded', 'failed'));
ALTER TABLE "operation_step" ADD CONSTRAINT "operation_step_state_check"
  CHECK ("state" IN ('pending', 'running', 'succeeded', 'failed'));

-- One open operation of a kind for a deployment.
CREATE UNIQUE INDEX "operation_one_running" ON "operation" ("deployment_id", "kind") WHERE "state" = 'running';
