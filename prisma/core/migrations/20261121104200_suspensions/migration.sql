-- CreateTable
CREATE TABLE "suspension" (
    "id" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "cause" TEXT NOT NULL,
    "from_state" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3),

    CONSTRAINT "suspension_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "suspension_deployment_id_id_idx" ON "suspension"("deployment_id", "id");

-- AddForeignKey
ALTER TABLE "suspension" ADD CONSTRAINT "suspension_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployment"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Those that are suspended already were so by an operator.
INSERT INTO "suspension" ("deployment_id", "cause", "from_state", "from_at")
  SELECT d."id", 'operator', coalesce(e."from_state", 'active'), e."at" FROM "deployment" d
  JOIN LATERAL (SELECT "from_state", "at" FROM "deployment_event" WHERE "deployment_id" = d."id" ORDER BY "id" DESC LIMIT 1) e ON true
  WHERE d."state" = 'suspended';

-- One cause holds once.
CREATE UNIQUE INDEX "suspension_one_open" ON "suspension" ("deployment_id", "cause") WHERE "to_at" IS NULL;
