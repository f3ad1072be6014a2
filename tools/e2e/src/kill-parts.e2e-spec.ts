import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sizeOfRun, testCluster, waitFor } from '@biplane/testing';
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
/** Between two looks at a home at the longest. */
const BACK_OFF_MS_MAX = 60_000;
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
    const { kafka, postgres, apiserver } = await control.state();
    if (apiserver?.running === false) await control.part('apiserver', 'start');
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

  it('E20: with the API server killed as it makes homes, and away for over a minute, each is made once after its return', async () => {
    const cluster = testCluster();
    const creating = Array.from({ length: 2 }, () => createTenant(stack, { compliance: ['hipaa'] }));
    const created = await Promise.all(creating);
    const ids = created.map(({ deployment }) => deployment.id);
    const homes = () =>
      databases.query<{ home_id: string; reason: string | null; since: Date | null }>(
        databases.core,
        `SELECT h.home_id, c.reason, c.since FROM dedicated_home h
           LEFT JOIN home_condition c ON c.home_id = h.home_id AND c.type = 'Applied'
          WHERE h.deployment_id = ANY($1) ORDER BY h.home_id`,
        [ids],
      );
    const namespaces = (await homes()).map(({ home_id }) => `/api/v1/namespaces/t-${home_id.replaceAll('-', '')}`);
    const isBegun = async () => (await Promise.all(namespaces.map((path) => cluster.get(path)))).some(Boolean);
    await waitFor('the first of them', isBegun, { everyMs: 5 });
    await control.part('apiserver', 'kill');
    const away = () =>
      waitFor('each to be told so', async () => {
        const told = await homes();
        return told.every(({ reason }) => reason === 'CLUSTER_UNREACHABLE') && told;
      });
    const told = await away();
    await stack.clock.advance(BACK_OFF_MS_MAX + 1_000);
    expect(await away()).toEqual(told);
    await control.part('apiserver', 'start');
    await stack.clock.advance(BACK_OFF_MS_MAX);
    for (const one of created) await awaitReady(stack, one);

    const made = await databases.query<{ done: readonly { do: string; object: string }[] }>(
      databases.core,
      `SELECT after -> 'done' AS done FROM audit_entry WHERE action = 'home.applied' AND object_id = ANY($1)`,
      [told.map(({ home_id }) => home_id)],
    );
    const objects = made.flatMap(({ done }) => done.filter(({ do: what }) => what === 'create'));
    const names = objects.map(({ object }) => object);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const drift = `SELECT 1 FROM audit_entry WHERE action = 'home.drift_repaired' AND object_id = ANY($1)`;
    expect(await databases.query(databases.core, drift, [told.map(({ home_id }) => home_id)])).toEqual([]);
    await cluster.close();
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
