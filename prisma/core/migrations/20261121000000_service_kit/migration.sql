-- The stored answer of a POST, kept in the transaction of its effect.
CREATE TABLE "idempotency_key" (
    "principal" VARCHAR(128) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "method" VARCHAR(8) NOT NULL,
    "path" VARCHAR(2048) NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "status" SMALLINT NOT NULL,
    "body" JSONB,
    "headers" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("principal", "key")
);

CREATE INDEX "idempotency_key_expires_at" ON "idempotency_key" ("expires_at");
