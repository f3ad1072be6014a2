-- jsonb keeps no order of members: the text of the answer is what is replayed. `body` is still written for the release before.
ALTER TABLE "idempotency_key" ADD COLUMN "body_text" TEXT;
