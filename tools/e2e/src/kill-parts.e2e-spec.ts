import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sizeOfRun, waitFor } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { UsageLoad } from './support/load.js';
import { insistently } from './support/persist.js';
import { CORE, E2eStack, HOME } from './support/stack.js';
import { awaitReady, checkGate, createReadyTenant, createTenant, type CreatedTenant } from './support/tenants.js';
import { awaitHeld, submit, usageEvent } from './support/usage.js';

/** Without a broker a home is ready from its database after 5 s, and a process needs a few to start. */
const READY_WITHOUT_KAFKA_MS = 20_000;
const AT_ONCE = 8;
/** In CI only for as long as the load takes. */
const KAFKA_AWAY_MS = sizeOfRun({ soak: 600_000, ci: 0 });
/** Events that must be acknowledged before and after a death, so that it happens under load. */
const UNDER_LOAD = 200;

describe('the parts under the services', () => {
  const stack = E2eStack.open();
  const { control, databases } = stack;
  let tenant: CreatedTenant;

  beforeAll(async () => {
    await authorCatalog(stack);
    tenant = await createReadyTenant(stack);
  });
  afterAll(async () => {
    const { kafka, postgres } = await control.state();
    if (!postgres.running) await control.part('postgres', 'start');
    if (!kafka.running) await control.part('kafka', 'start');
    await stack.services.ensureRunning(CORE, HOME);
  });

  it('A13: with Kafka down a restarted home serves from its database; usage and tenants taken meanwhile arrive', async () => {
    const { id } = tenant.deployment;
    await control.part('kafka', 'stop');
    await control.kill(HOME);
    const from = performance.now();
    await control.start(HOME);
    expect(performance.now() - from).toBeLessThan(READY_WITHOUT_KAFKA_MS);

    expect(await checkGate(stack, id)).toMatchObject({ outcome: 'allow' });
    expect(await checkGate(stack, id, 'search:full_text')).toMatchObject({ outcome: 'deny' });
    const events = ['one', 'two', 'three'].map((name) =>
      usageEvent(id, { id: `no-broker-${name}`, time: stack.clock.now(), quantity: '5' }),
    );
    expect(await submit(stack, events)).toMatchObject({ accepted: 3 });
    const late = await createTenant(stack);
    for (const baseUrl of [stack.file.coreApi, Object.values(stack.file.tenantApi)[0] as string]) {
      expect((await fetch(`${baseUrl}/health/live`)).status).toBe(200);
    }

    await control.part('kafka', 'start');
    await awaitReady(stack, late);
    await awaitHeld(stack, id, '15');
  });

  it('A1: with Kafka killed under load usage is taken as before, and all of it arrives once after its return', async () => {
    const { deployment } = await createReadyTenant(stack);
    const acknowledged = await UsageLoad.during(stack, deployment.id, 'kafka-killed', async (load) => {
      await load.gets(UNDER_LOAD);
      await control.part('kafka', 'kill');
      const until = performance.now() + KAFKA_AWAY_MS;
      do await load.gets(UNDER_LOAD);
      while (performance.now() < until);
      await control.part('kafka', 'start');
    });
    await awaitHeld(stack, deployment.id, String(acknowledged));
  });

  it('E2: PostgreSQL killed under load and while databases are created loses and doubles nothing', async () => {
    const { deployment } = await createReadyTenant(stack);
    const acknowledged = await UsageLoad.during(stack, deployment.id, 'postgres-killed', async (load) => {
      const before = await databasesKnown();
      const creating = Promise.all(Array.from({ length: 3 }, () => createTenant(stack)));
      // A database is made in a fraction of a second: one that is made already is as good a moment.
      await waitFor('the first of them', async () => (await databasesKnown()) > before, { everyMs: 5 });
      await control.part('postgres', 'kill');
      await control.part('postgres', 'start');
      for (const created of await creating) await awaitReady(stack, created);
      await load.gets(UNDER_LOAD);
    });
    await awaitHeld(stack, deployment.id, String(acknowledged));
    expect(await stack.services.isRunning(CORE)).toBe(true);
    expect(await stack.services.isRunning(HOME)).toBe(true);
  });

  const databasesKnown = async () => {
    const sql = 'SELECT 1 FROM tenant_database';
    return (await databases.query(databases.home, sql)).length;
  };

  it(`E4: two replicas that initialize ${AT_ONCE} tenants at once make one database each`, async () => {
    const replica = await control.replica(HOME);
    try {
      const created = await Promise.all(Array.from({ length: AT_ONCE }, () => createTenant(stack)));
      for (const one of created) await awaitReady(stack, one);
      const [first] = created as [CreatedTenant];
      const initialize = {
        method: 'POST',
        path: '/internal/database/initialize',
        body: { deploymentId: first.deployment.id },
      };
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () => insistently<{ state: string }>(stack.gate, initialize, 200)),
      );
      expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(['ready']));
      const names = created.map(({ deployment }) => deployment.database);
      const found = await databases.query('postgres', 'SELECT datname FROM pg_database WHERE datname = ANY($1)', [
        names,
      ]);
      expect(found).toHaveLength(AT_ONCE);
    } finally {
      await control.stop(replica.name);
    }
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
