import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { topics } from '@biplane/contracts';
import { orThrow, parseDeploymentId, parseHomeId } from '@biplane/kernel';
import { testCluster, waitFor, type TestCluster } from '@biplane/testing';
import { invoicesOf, issueInvoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { labelled } from './support/cluster-objects.js';
import {
  awaitCondition,
  beginMove,
  objectsOf,
  pageOf,
  retireTenant,
  transition,
  type DeploymentPage,
} from './support/deployments.js';
import { askGate } from './support/gate.js';
import { invariantsHold } from './support/invariants.js';
import { captureAll } from './support/kafka.js';
import { UsageLoad } from './support/load.js';
import { endMonth, openMonth, type Month } from './support/month.js';
import { awaitStep, awaitSucceeded } from './support/operations.js';
import { namespaceOf, ownHome, podsOf, wholeExport } from './support/own-home.js';
import { insistently, persistently } from './support/persist.js';
import { E2eStack, REGION } from './support/stack.js';
import { awaitReady, createReadyTenant, createTenant, type CreatedTenant } from './support/tenants.js';
import { awaitHeld, completenessOf, submit, usageEvent, type UsageEvent } from './support/usage.js';

const RECONCILER = 'reconciler';
const ACTION = 'financials:automated_billing';
const HOUR_MS = 3_600_000;
/** Past the lease that a killed reconciler held, of a minute. */
const LEASE_OVER_MS = 65_000;
/** Ten past an hour, in the last evening but one of the month. */
const BEFORE_END_MS = 26 * HOUR_MS - 10 * 60_000;
/** More than is included. */
const USED_BEFORE = '1488';
const ONE_EVENT = { 'content-type': 'application/cloudevents+json' };
const SEEN = { deadlineMs: 90_000, everyMs: 250 };
const CONDITIONS = ['LicenseEnforced', 'DatabaseReady', 'AdminBootstrapped', 'Applied', 'Available'];

/** One tenant begins in a home of its own, one moves to one while it is used, one stays in the pool and uses the same. */
describe('deployments in homes of their own, from the request to the last object', () => {
  const stack = E2eStack.open();
  let cluster: TestCluster;
  let month: Month;
  let [own, mover, twin] = [] as unknown as [CreatedTenant, CreatedTenant, CreatedTenant];
  let ownHomeId = '';
  let moving: Promise<UsageEvent[]>;
  let suspendedAt = 0;

  const hourBegun = (ms: number) => new Date(Math.floor(ms / HOUR_MS) * HOUR_MS);
  const used = (of: CreatedTenant, id: string, quantity: string) =>
    usageEvent(of.deployment.id, { id, time: stack.clock.now(), quantity });
  const gateOf = async (page: DeploymentPage) =>
    askGate((await ownHome(stack, page.homeId)).gate, { deploymentId: page.id, action: ACTION });
  const gateSays = (page: DeploymentPage, code: string | null) =>
    waitFor(`the gate to say ${code ?? 'yes'}`, async () => (await gateOf(page)).code === code, SEEN);

  /** Nothing of what it is sent is taken, and its answer says where that is. */
  async function poolSendsAway(of: CreatedTenant): Promise<void> {
    const { url } = await pageOf(stack, of.deployment.id);
    const request = { method: 'POST', path: '/api/v1/usage', body: used(of, 'astray', '1'), headers: ONE_EVENT };
    const answer = await persistently(stack.submitter, request);
    expect(answer).toMatchObject({ status: 421, body: { code: 'PLACEMENT.MOVED', url } });
  }

  beforeAll(async () => {
    cluster = testCluster();
    await authorCatalog(stack);
    month = await openMonth(stack);
    await stack.clock.moveTo(new Date(month.to.getTime() - BEFORE_END_MS));
    [mover, twin] = await Promise.all([createReadyTenant(stack), createReadyTenant(stack)]);
    for (const one of [mover, twin]) await submit(stack, [used(one, 'before', USED_BEFORE)]);
    own = await stack.services.dyingAt(RECONCILER, 'reconcile.after_write:3', () =>
      createTenant(stack, { compliance: ['hipaa'] }),
    );
    await stack.clock.advance(LEASE_OVER_MS);
    moving = move();
    // Awaited by its test: until then its rejection has nobody who listens.
    moving.catch(() => undefined);
  });
  afterAll(async () => {
    await stack.services.ensureRunning(RECONCILER);
    await cluster?.close();
  });

  /** From the pool to a home of its own under load; what was acknowledged, by whichever of them. */
  async function move(): Promise<UsageEvent[]> {
    const { id } = mover.deployment;
    const loads: UsageLoad[] = [];
    const movedTo = async () => (await ownHome(stack, (await pageOf(stack, id)).homeId)).submitter;
    const work = async (load: UsageLoad) => {
      loads.push(load);
      await load.gets(1);
      await awaitSucceeded(stack, (await beginMove(stack, id, 'container_per_tenant')).id);
      // The pool has let go of it: from here on its own home alone takes any.
      await load.gets(20);
    };
    await UsageLoad.during(stack, id, 'moving', work, { clients: 1, batch: 2, movedTo });
    return loads.flatMap(({ events }) => events);
  }

  it('begun by a reconciler that is killed at its third object, a home is completed by the next one, and told as it is', async () => {
    await awaitReady(stack, own);
    await awaitCondition(stack, own.deployment.id, 'Available', 'AVAILABLE');
    const page = await pageOf(stack, own.deployment.id);
    ownHomeId = page.homeId;
    expect([page.type, page.state, ownHomeId === stack.homeId]).toEqual(['container_per_tenant', 'active', false]);
    const holding = page.conditions.filter(({ status }) => status).map(({ type }) => type);
    expect(holding).toEqual(expect.arrayContaining(CONDITIONS));

    const told = await objectsOf(stack, page.id);
    expect(new Set(told.map(({ homeId, state }) => `${homeId} ${state}`))).toEqual(new Set([`${ownHomeId} present`]));
    const kinds = new Set(told.map(({ kind }) => kind));
    const there = await labelled(cluster, 'biplane.dev/home', ownHomeId);
    // Pods and the like are made by the cluster from what it was told.
    const applied = there.filter((name) => kinds.has(name.split('/')[0] ?? ''));
    expect(applied.sort()).toEqual(told.map(({ kind, name }) => `${kind}/${name}`).sort());
    expect(told).toContainEqual(expect.objectContaining({ kind: 'Namespace', name: namespaceOf(ownHomeId) }));
    expect(await podsOf(cluster, ownHomeId)).toHaveLength(1);
  });

  it('a deployment is used at the address of its own home, where the pool sends whoever comes to it', async () => {
    const { id } = own.deployment;
    expect(await gateOf(await pageOf(stack, id))).toMatchObject({ outcome: 'allow', code: null });
    const home = await ownHome(stack, ownHomeId);
    expect(await submit(home, [used(own, 'first', '24')])).toMatchObject({ accepted: 1, rejected: 0 });
    await awaitHeld(stack, id, '24');
    expect((await askGate(stack.gate, { deploymentId: id, action: ACTION })).outcome).toBe('deny');
    await poolSendsAway(own);
  });

  it('a move out of the pool under load loses nothing, counts nothing twice, and the pool says where to go', async () => {
    const { id } = mover.deployment;
    const events = await moving;
    const { homeId, epoch } = await pageOf(stack, id);
    expect([homeId === stack.homeId, epoch]).toEqual([false, 2]);
    const total = String(Number(USED_BEFORE) + events.length);
    await awaitHeld(stack, id, total);
    const held = 'SELECT DISTINCT home_id::text AS home FROM usage_window WHERE deployment_id = $1 AND quantity > 0';
    const homes = await stack.databases.query<{ home: string }>(stack.databases.core, held, [id]);
    expect(homes.map(({ home }) => home).sort()).toEqual([stack.homeId, homeId].sort());

    const again = await submit(await ownHome(stack, homeId), events);
    expect(again).toMatchObject({ accepted: 0, duplicates: events.length, rejected: 0 });
    await poolSendsAway(mover);

    const same = events.map((event) => ({ ...event, subject: twin.deployment.id }));
    expect(await submit(stack, same)).toMatchObject({ accepted: events.length });
    await awaitHeld(stack, twin.deployment.id, total);
    await awaitHeld(stack, id, total);
  });

  it('suspended, it denies at once; when its hour is closed the cluster has no pod of it, and no bill waits for the hours it sleeps', async () => {
    const { id } = own.deployment;
    const page = await pageOf(stack, id);
    suspendedAt = stack.clock.now().getTime();
    await transition(stack, id, 'suspended');
    await gateSays(page, 'LICENSE.SUSPENDED');
    expect(await podsOf(cluster, ownHomeId)).toHaveLength(1);

    await stack.clock.moveTo(new Date(hourBegun(suspendedAt).getTime() + HOUR_MS + 10 * 60_000));
    await awaitCondition(stack, id, 'Available', 'STOPPED');
    expect(await podsOf(cluster, ownHomeId)).toEqual([]);
    expect((await objectsOf(stack, id)).map(({ state }) => state)).not.toContain('missing');

    await stack.clock.advance(3 * HOUR_MS);
    const awaited = async () =>
      (await completenessOf(stack, own.tenant.id, month)).missing.filter(({ state }) => state !== 'open');
    await waitFor('nothing of the hours slept to be awaited', async () => (await awaited()).length === 0, SEEN);
    // In which it would have to be said, if it were awaited.
    const slept = [hourBegun(suspendedAt + 2 * HOUR_MS), hourBegun(suspendedAt + 3 * HOUR_MS)];
    const closed = 'SELECT hour FROM home_close WHERE home_id = $1 AND hour = ANY($2)';
    expect(await stack.databases.query(stack.databases.core, closed, [ownHomeId, slept])).toEqual([]);
  });

  it('resumed, it runs again and answers', async () => {
    const { id } = own.deployment;
    await transition(stack, id, 'active');
    await awaitCondition(stack, id, 'Available', 'AVAILABLE');
    await gateSays(await pageOf(stack, id), null);
    expect(await submit(await ownHome(stack, ownHomeId), [used(own, 'awake', '6')])).toMatchObject({ accepted: 1 });
    await awaitHeld(stack, id, '30');
  });

  describe('retired', () => {
    const ends = new Map<CreatedTenant, string>();
    const endOf = (one: CreatedTenant) => ends.get(one) ?? '';
    const homes: string[] = [];

    it('each is billed for all its hours, the one that moved as the one that stayed, and is revoked', async () => {
      for (const one of [own, mover, twin]) {
        const [operation] = await retireTenant(stack, one.tenant.id);
        ends.set(one, operation?.id ?? '');
      }
      for (const one of [own, mover, twin]) await awaitStep(stack, endOf(one), 'drained');
      await endMonth(stack, month);
      for (const one of [own, mover, twin]) {
        // A note would say that it did not wait for all.
        expect(await awaitStep(stack, endOf(one), 'windows_closed')).toMatchObject({ reason: null });
        await awaitStep(stack, endOf(one), 'license_revoked');
        expect(await invoicesOf(stack, one.tenant.id)).toHaveLength(1);
      }
      const billed = async ({ tenant }: CreatedTenant) => {
        const { lines, total } = await issueInvoice(stack, tenant.id, month);
        return { lines: lines.map(({ kind, quantity, amount }) => ({ kind, quantity, amount })), total };
      };
      const moved = await billed(mover);
      expect(moved.lines.map(({ kind }) => kind)).toContain('overage');
      expect(moved).toEqual(await billed(twin));
    });

    it('its home denies and gives the export, whole, until the last day', async () => {
      for (const one of [own, mover]) {
        const page = await pageOf(stack, one.deployment.id);
        homes.push(page.homeId);
        await gateSays(page, 'LICENSE.REVOKED');
        const tables = await wholeExport(await ownHome(stack, page.homeId), page.id);
        expect(tables).toContainEqual({ name: 'member', rows: 1 });
      }
      // As long as their databases are there.
      expect(await invariantsHold(stack, homes)).not.toHaveLength(0);
    });

    it('its databases and their logins are dropped on that day and not before', async () => {
      const { databases } = stack;
      const left = async (one: CreatedTenant): Promise<string[]> => {
        const { owner, runtime } = tenantRoleNames(orThrow(parseDeploymentId(one.deployment.id)));
        const ofHomes = homes.map((homeId) => homeDatabaseName(orThrow(parseHomeId(homeId))));
        const names = [owner, runtime, one.deployment.database, ...ofHomes];
        const found = await databases.query<{ name: string }>(
          databases.core,
          `SELECT datname AS name FROM pg_database WHERE datname = ANY($1)
           UNION SELECT rolname FROM pg_roles WHERE rolname LIKE ANY($2)`,
          [names, names.map((name) => `${name}%`)],
        );
        return found.map(({ name }) => name);
      };
      const purges = await Promise.all([own, mover, twin].map(({ deployment }) => pageOf(stack, deployment.id)));
      const days = purges.map(({ retirement }) => Date.parse(retirement?.purgeAfter ?? ''));
      await stack.clock.moveTo(new Date(Math.min(...days) - 60_000));
      for (const one of [own, mover, twin]) expect(await left(one)).toContain(one.deployment.database);

      // Started again below, so that what is left in the cluster is seen to be removed by one that dies of it.
      await stack.control.stop(RECONCILER);
      await stack.clock.moveTo(new Date(Math.max(...days) + 60_000));
      for (const one of [own, mover, twin]) {
        await awaitStep(stack, endOf(one), 'archived');
        expect(await left(one)).toEqual([]);
      }
      expect((await pageOf(stack, own.deployment.id)).state).toBe('archived');
    });

    it('a reconciler killed as it removes a home leaves nothing: no object in the cluster, no license on the topic', async () => {
      const left = async () =>
        (await Promise.all(homes.map((homeId) => labelled(cluster, 'biplane.dev/home', homeId)))).flat();
      await stack.services.dyingAt(RECONCILER, 'reconcile.after_delete:2', () => Promise.resolve());
      expect(await left()).not.toEqual([]);
      await stack.clock.advance(LEASE_OVER_MS);
      for (const one of [own, mover, twin]) await awaitSucceeded(stack, endOf(one));

      expect(await left()).toEqual([]);
      for (const homeId of homes) expect(await cluster.get(`/api/v1/namespaces/${namespaceOf(homeId)}`)).toBeNull();
      const records = await captureAll(stack, topics.issued(REGION));
      for (const { tenant, deployment } of [own, mover, twin]) {
        expect(await objectsOf(stack, deployment.id)).toEqual([]);
        const path = `/api/v1/tenants/${tenant.id}`;
        expect(await insistently(stack.core, { method: 'GET', path }, 200)).toMatchObject({ state: 'archived' });
        const ofIt = records.filter(({ message }) => message.key?.toString() === deployment.id);
        expect(ofIt.at(-1)?.message.value).toBeNull();
      }
    });
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
