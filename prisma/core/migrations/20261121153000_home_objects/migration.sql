-- CreateTable
CREATE TABLE "home_object" (
    "home_id" UUID NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "name" VARCHAR(253) NOT NULL,
    "namespace" VARCHAR(63),
    "state" VARCHAR(16) NOT NULL CHECK ("state" IN ('present', 'missing', 'terminating', 'foreign')),
    "reason" VARCHAR(500),
    "generation" BIGINT,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "home_object_pkey" PRIMARY KEY ("home_id", "kind", "name"),
    CONSTRAINT "home_object_reason_unless_present" CHECK (("state" = 'present') = ("reason" IS NULL))
);

-- AddForeignKey
ALTER TABLE "home_object" ADD CONSTRAINT "home_object_home_id_fkey" FOREIGN KEY ("home_id") REFERENCES "dedicated_home"("home_id") ON DELETE RESTRICT ON UPDATE RESTRICT;
