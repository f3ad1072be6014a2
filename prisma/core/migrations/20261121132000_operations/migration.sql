-- A deployment is not moved and retired at once, nor twice.
CREATE UNIQUE INDEX "operation_one_of_its_home" ON "operation" ("deployment_id") WHERE "state" = 'running' AND "kind" IN ('retire', 'move');

-- What is due by itself is looked for every second.
CREATE INDEX "operation_due" ON "operation" ("next_action_at") WHERE "state" = 'running';
