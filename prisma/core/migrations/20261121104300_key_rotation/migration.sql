-- AlterTable
ALTER TABLE "signing_key" ALTER COLUMN "private_key_encrypted" DROP NOT NULL,
ADD COLUMN "signer" TEXT NOT NULL DEFAULT 'database',
ADD COLUMN "retired_at" TIMESTAMPTZ(3),
ADD COLUMN "revoked_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "key_rotation" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "from_kid" TEXT NOT NULL,
    "to_kid" TEXT,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "switched_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "reissued" INTEGER NOT NULL,
    "waiting_for" JSONB NOT NULL,

    CONSTRAINT "key_rotation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "key_rotation_requested_at_idx" ON "key_rotation"("requested_at");

ALTER TABLE "signing_key" ADD CONSTRAINT "signing_key_signer_check"
  CHECK ("signer" IN ('database', 'folder', 'kms') AND ("signer" = 'database') = ("private_key_encrypted" IS NOT NULL));
ALTER TABLE "key_rotation" ADD CONSTRAINT "key_rotation_kind_check" CHECK ("kind" IN ('rotate', 'revoke'));
ALTER TABLE "key_rotation" ADD CONSTRAINT "key_rotation_state_check"
  CHECK ("state" IN ('waiting', 'reissuing', 'succeeded', 'refused'));

-- One change of the signing key at a time.
CREATE UNIQUE INDEX "key_rotation_one_open" ON "key_rotation" ((true)) WHERE "ended_at" IS NULL;

-- Licenses that a key has signed are counted until none is present any more.
CREATE INDEX "license_kid_idx" ON "license" ("kid");
