-- CreateTable
CREATE TABLE "cost_line" (
    "id" UUID NOT NULL,
    "provider" VARCHAR(64) NOT NULL,
    "line_id" VARCHAR(200) NOT NULL,
    "content_hash" CHAR(64) NOT NULL,
    "period" CHAR(7) NOT NULL CHECK ("period" ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$'),
    "resource_kind" VARCHAR(64) NOT NULL,
    "tenant_id" UUID,
    "deployment_id" UUID,
    "description" VARCHAR(200),
    "currency" CHAR(3) NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "imported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cost_line_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "cost_line_of_a_tenant" CHECK (("tenant_id" IS NULL) = ("deployment_id" IS NULL))
);

-- CreateIndex
CREATE UNIQUE INDEX "cost_line_provider_line_id_key" ON "cost_line"("provider", "line_id");

-- CreateIndex
CREATE INDEX "cost_line_period_deployment_id_idx" ON "cost_line"("period", "deployment_id");

-- What a provider charged is corrected by a further line, never edited.
CREATE FUNCTION cost_line_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a cost line does not change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER cost_line_insert_only BEFORE UPDATE OR DELETE ON "cost_line"
  FOR EACH ROW EXECUTE FUNCTION cost_line_refuse_change();
