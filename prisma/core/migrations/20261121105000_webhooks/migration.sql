-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL,
    "tenant_id" UUID,
    "url" VARCHAR(2048) NOT NULL,
    "description" VARCHAR(200),
    "event_types" TEXT[],
    "state" VARCHAR(16) NOT NULL CHECK ("state" IN ('enabled', 'disabled')),
    "disabled_because" VARCHAR(32),
    "secret_encrypted" TEXT NOT NULL,
    "previous_secret_encrypted" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "tenant_id" UUID,
    "event_id" UUID NOT NULL,
    "event_type" VARCHAR(64) NOT NULL,
    "payload" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL CHECK ("state" IN ('waiting', 'delivered', 'failed')),
    "attempts" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "give_up_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_error" VARCHAR(64),
    "last_duration_ms" INTEGER,
    "last_response" TEXT,
    "delivered_at" TIMESTAMPTZ(3),
    "replay_of" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_endpoint_tenant_id_idx" ON "webhook_endpoint"("tenant_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_endpoint_id_id_idx" ON "webhook_delivery"("endpoint_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_tenant_id_id_idx" ON "webhook_delivery"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_created_at_idx" ON "webhook_delivery"("created_at");

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- What waits is few among many; the schema cannot say "partial".
CREATE INDEX "webhook_delivery_waiting" ON "webhook_delivery"("endpoint_id", "due_at", "id") WHERE "state" = 'waiting';

-- What was sent stays as it was: a replay has the same bytes.
CREATE FUNCTION webhook_delivery_keep_payload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the payload of a delivery does not change' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER webhook_delivery_payload_fixed BEFORE UPDATE ON "webhook_delivery"
  FOR EACH ROW WHEN (OLD."payload" IS DISTINCT FROM NEW."payload" OR OLD."event_id" IS DISTINCT FROM NEW."event_id")
  EXECUTE FUNCTION webhook_delivery_keep_payload();
