import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startOfDay } from '@biplane/billing-calendar';
import { SystemClock } from '@biplane/service-kit';
import { checkInvariants, sizeOfRun, waitFor, type Placement } from '@biplane/testing';
import type { LicenseClaims } from '@biplane/licensing';
import { checkEnvironment, type TenantEnvironment } from '../../environment.js';
import { redisPrefix } from '../../redis-prefix.js';
import { bareQueue, type BillingReplica } from '../../testing/billing-replica.js';
import { BillingRig } from '../../testing/billing-rig.js';
import { closableDoor } from '../../testing/closable-door.js';
import { firstOfMonth, ITEM_ZONE } from '../../testing/many-items.js';

/** As many as a turn takes. */
const TURN = 500;
const clock = new SystemClock();
const WAIT = { deadlineMs: 60_000 };

let rig: BillingRig;
let replica: BillingReplica;
const unused: Placement[] = [];

beforeAll(async () => {
  rig = await BillingRig.open(9);
  replica = await rig.replica();
  unused.push(...rig.scene.placements);
});
afterAll(async () => {
  for (const { deploymentId } of rig.scene.placements) await checkInvariants(rig.scene.tenantUrl(deploymentId));
  await rig?.close();
});

const job = ({ deploymentId }: Placement, epoch = 1) => ({ deploymentId, epoch });

/** A tenant with so many items, each due for one period, and a schedule whose turn has come. */
async function dueTenant(members: number): Promise<Placement> {
  const tenant = unused.shift()!;
  await rig.fill({ members, startsOn: firstOfMonth(clock.now()) }, tenant);
  await rig.makeDue('billing', clock.now(), tenant);
  return tenant;
}

interface Run {
  readonly state: string;
  readonly done: number;
  readonly skipped: number;
}
const runsOf = (tenant: Placement) =>
  rig.query<Run>('SELECT state, done, skipped FROM billing_run ORDER BY due_at', [], tenant);
const reasonsOf = (tenant: Placement) =>
  rig.query<{ reason: string | null; periods: number; entries: number }>(
    'SELECT reason, count(*)::int AS periods, count(entry_id)::int AS entries FROM item_period GROUP BY reason ORDER BY reason NULLS FIRST',
    [],
    tenant,
  );

/** What a license may lose between one instant and the next. */
const LOSSES: [string, Partial<LicenseClaims>, string][] = [
  ['the feature is taken away', { modules: { financials: { features: [], limits: [] } } }, 'LICENSE.MODULE_NOT_LICENSED'],
  ['the license is revoked', { status: 'revoked' }, 'LICENSE.REVOKED'],
]; // prettier-ignore

describe('a license that goes', () => {
  it.each(LOSSES)('D18: %s between scheduling and charging: all is skipped with its reason', async (_what, loss, reason) => {
    const tenant = await dueTenant(20);
    await rig.license(replica, loss, tenant);
    await replica.processor.process(job(tenant));
    expect(await runsOf(tenant)).toEqual([{ state: 'succeeded', done: 0, skipped: 20 }]);
    expect(await reasonsOf(tenant)).toEqual([{ reason, periods: 20, entries: 0 }]);
    await rig.license(replica, {}, tenant);
    await rig.makeDue('billing', clock.now(), tenant);
    await replica.processor.process(job(tenant));
    expect(await rig.query('SELECT 1 FROM journal_entry', [], tenant)).toEqual([]);
  }); // prettier-ignore

  it.each(LOSSES)(
    'D18: %s in the middle of a run: what comes after is skipped, and so is what waited for its account',
    async (_what, loss, reason) => {
      const tenant = await dueTenant(TURN + 60);
      const letGo = await rig.hold(TURN + 10, clock.now(), tenant);
      const run = replica.processor.process(job(tenant));
      await waitFor('the second turn to wait', () => rig.isWaiting(tenant), WAIT);
      expect(await runsOf(tenant)).toEqual([{ state: 'running', done: TURN, skipped: 0 }]);
      await rig.license(replica, loss, tenant);
      await letGo();
      await run;
      expect(await runsOf(tenant)).toEqual([{ state: 'succeeded', done: TURN, skipped: 60 }]);
      expect(await reasonsOf(tenant)).toEqual([
        { reason: null, periods: TURN, entries: TURN },
        { reason, periods: 60, entries: 0 },
      ]);
    },
  );
});

describe('a Redis that fails', () => {
  it('down, it holds up nobody who gives a job, and what is due is charged once it is there again', async () => {
    const door = await closableDoor(rig.redisUrl);
    await door.close();
    const cut = await rig.replica(clock, door.url);
    const tenant = await dueTenant(5);
    let minutes = 0;
    const giveAgain = () => cut.index.give(new Date(clock.now().getTime() + (minutes += 1) * 60_001));
    const runs = async (count: number) =>
      waitFor(`run ${count}`, async () => {
        await giveAgain();
        return (await runsOf(tenant))[count - 1]?.state === 'succeeded';
      }, WAIT); // prettier-ignore
    await cut.index.give(clock.now());
    cut.processor.onApplicationBootstrap();
    await giveAgain();
    expect(await runsOf(tenant)).toEqual([]);
    await door.open();
    await runs(1);
    await rig.makeDue('billing', clock.now(), tenant);
    await door.close();
    await giveAgain();
    await door.open();
    await runs(2);
    expect(await runsOf(tenant)).toMatchObject([{ done: 5 }, { done: 0 }]);
    await door.close();
    await cut.close();
    await (await rig.replica(clock, door.url)).close();
  });

  it('flushed in the middle of a run and filled again with jobs of every epoch, it changes no charge', async () => {
    const worker = await rig.replica();
    const bare = bareQueue(rig.redisUrl, rig.homeId);
    const tenant = await dueTenant(TURN + 60);
    const letGo = await rig.hold(TURN + 10, clock.now(), tenant);
    worker.processor.onApplicationBootstrap();
    await worker.index.give(clock.now());
    await waitFor('the second turn to wait', () => rig.isWaiting(tenant), WAIT);
    await rig.forgetQueue();
    const replayed = Array.from({ length: sizeOfRun({ soak: 1_000, ci: 60 }) }, (_, index) => job(tenant, index % 4));
    await bare.queue.addBulk(replayed.map((data) => ({ name: 'look', data })));
    await waitFor('the jobs to be looked at', async () => (await bare.queue.getJobCountByTypes('waiting')) === 0, WAIT);
    await letGo();
    await waitFor('the run', async () => (await runsOf(tenant))[0]?.state === 'succeeded', WAIT);
    await bare.queue.addBulk(replayed.map((data) => ({ name: 'look', data })));
    await waitFor('the jobs', async () => (await bare.queue.getJobCountByTypes('waiting', 'active')) === 0, WAIT);
    expect(await runsOf(tenant)).toEqual([{ state: 'succeeded', done: TURN + 60, skipped: 0 }]);
    expect(await reasonsOf(tenant)).toEqual([{ reason: null, periods: TURN + 60, entries: TURN + 60 }]);
    await bare.close();
    await worker.close();
  });
});

describe('two homes on one Redis', () => {
  it('E18: a prefix that could be the beginning of another, or another’s, stops the start', () => {
    const homeId = randomUUID();
    const environment = { HOME_ID: homeId, REGION: 'eu-1' };
    const own = redisPrefix(homeId);
    const colliding = ['bp:a', 'bp:a:', own.slice(0, -1), own.slice(0, -2), own.slice(0, -2) + ':', `${own}a:`, own.toUpperCase(), ` ${own}`];
    for (const prefix of [...colliding, redisPrefix(randomUUID()), '']) {
      expect(() => checkEnvironment({ ...environment, REDIS_PREFIX: prefix } as TenantEnvironment)).toThrow('REDIS_PREFIX');
    }
  }); // prettier-ignore

  it('F1: a job that names a deployment of the other does nothing, and what is flushed at one is nothing to the other', async () => {
    const other = await BillingRig.open();
    const [here, there] = [await rig.replica(), await other.replica()];
    const mine = await dueTenant(3);
    await other.fill({ members: 3, startsOn: firstOfMonth(clock.now()) });
    await other.makeDue('billing', clock.now());
    const queues = [bareQueue(rig.redisUrl, rig.homeId), bareQueue(other.redisUrl, other.homeId)];
    // Each is told of the deployment of the other alone.
    await queues[0]!.queue.add('look', job(other.tenant));
    await queues[1]!.queue.add('look', job(mine));
    here.processor.onApplicationBootstrap();
    there.processor.onApplicationBootstrap();
    for (const { queue } of queues) {
      await waitFor('the forged job', async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0, WAIT);
    }
    expect([await runsOf(mine), await other.query('SELECT 1 FROM billing_run')]).toEqual([[], []]);
    await here.processor.beforeApplicationShutdown();
    await here.index.give(clock.now());
    await rig.forgetQueue();
    await there.index.give(clock.now());
    await waitFor('the run of the other', async () => {
      return (await other.query(`SELECT 1 FROM billing_run WHERE state = 'succeeded' AND done = 3`)).length === 1;
    }, WAIT); // prettier-ignore
    expect(await runsOf(mine)).toEqual([]);
    for (const { close } of queues) await close();
    await other.close();
  });
});

describe('an item from the 31st on', () => {
  it('is charged on the last day of each month, and comes back to the 31st', async () => {
    const tenant = unused.shift()!;
    const timed = await rig.replica(rig.scene.clock);
    await rig.fill({ members: 2, startsOn: '2027-01-31', endsOn: '2027-06-30' }, tenant);
    const lookAt = async (instant: Date): Promise<number> => {
      rig.scene.clock.set(instant);
      await rig.license(timed, { iat: Math.floor(instant.getTime() / 1000) }, tenant);
      await rig.makeDue('billing', instant, tenant);
      await timed.processor.process(job(tenant));
      return (await runsOf(tenant)).at(-1)!.done;
    };
    for (const day of ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']) {
      const begins = startOfDay(day, ITEM_ZONE);
      expect([day, await lookAt(new Date(begins.getTime() - 1))]).toEqual([day, 0]);
      expect([day, await lookAt(begins)]).toEqual([day, 2]);
    }
    expect(await lookAt(startOfDay('2027-07-31', ITEM_ZONE))).toBe(0);
    const told = await rig.query<{ description: string; minor: string }>(
      `SELECT e.description, sum(p.amount_minor)::text AS minor FROM journal_entry e JOIN posting p ON p.entry_id = e.id
          AND p.account_id = e.account_id GROUP BY 1 ORDER BY 1`,
      [],
      tenant,
    );
    expect(told.map(({ description, minor }) => `${description}: ${minor}`)).toEqual([
      'Locker, 2027-01-31 to 2027-02-27: 6200',
      'Locker, 2027-02-28 to 2027-03-30: 6200',
      'Locker, 2027-03-31 to 2027-04-29: 6200',
      'Locker, 2027-04-30 to 2027-05-30: 6200',
      'Locker, 2027-05-31 to 2027-06-29: 6200',
    ]);
    await timed.close();
  });
});

describe('a large tenant', () => {
  it('has its members charged in one run, each once', async () => {
    const members = sizeOfRun({ soak: 10_000, ci: 1_200 });
    const tenant = await dueTenant(members);
    const startedMs = performance.now();
    await replica.processor.process(job(tenant));
    const tookMs = performance.now() - startedMs;
    expect(await runsOf(tenant)).toEqual([{ state: 'succeeded', done: members, skipped: 0 }]);
    const [row] = await rig.query<{ accounts: number; entries: number }>(
      'SELECT count(DISTINCT account_id)::int AS accounts, count(*)::int AS entries FROM journal_entry', [], tenant,
    ); // prettier-ignore
    expect(row).toEqual({ accounts: members, entries: members });
    // A bound against what grows with the square of the members, on a machine that others use too.
    expect(tookMs / members).toBeLessThan(100);
  }, 300_000);
});
