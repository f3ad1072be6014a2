import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MoveReport } from '@biplane/contracts';
import type { LicensePlacement } from '@biplane/licensing';
import { checkInvariants, eventually, requiredVariable, waitFor } from '@biplane/testing';
import { bareQueue, type BillingReplica } from '../../testing/billing-replica.js';
import { MovedBilling } from '../../testing/move-scene-billing.js';
import { MoveScene } from '../../testing/move-scene.js';

/** As many as a turn takes. */
const TURN = 500;
const ITEMS = TURN + 60;
const JOBS = 500;
const WAIT = { deadlineMs: 120_000 };

let scene: MoveScene;
let billing: MovedBilling;
/** Beside the program, which moves: a replica that bills. */
let other: { replica: BillingReplica; close: () => Promise<void> };

beforeAll(async () => {
  scene = await MoveScene.open();
  billing = new MovedBilling(scene);
  await scene.startPool();
  await scene.issue(atPool());
  await billing.fill(ITEMS);
  await waitFor('the index to be read', async () => {
    const rows = await scene.home(scene.poolId, 'SELECT 1 FROM billing_due WHERE read_at IS NOT NULL');
    return rows.length > 0;
  }, WAIT);
  other = await billing.replica();
}, 240_000); // prettier-ignore
afterAll(async () => {
  await other?.close();
  await scene?.close();
});

const atPool = (more: Partial<LicensePlacement> = {}): LicensePlacement => ({
  ...{ homeId: scene.poolId, epoch: 1, phase: 'serving', url: scene.poolUrl },
  ...more,
});

const look = (): Promise<void> => other.replica.processor.process({ deploymentId: scene.deploymentId, epoch: 1 });

/** The other replica is in the middle of a turn. */
async function heldTurn(): Promise<{ letGo: () => Promise<void>; ended: Promise<unknown> }> {
  const letGo = await billing.hold(10);
  await billing.makeDue();
  const ended = look().catch((error: unknown) => error);
  await waitFor('the turn to wait', () => billing.isWaiting(), WAIT);
  return { letGo, ended };
}

async function isDrained(epoch: number): Promise<boolean> {
  const sql = `SELECT 1 FROM move_step WHERE to_epoch = $1 AND step = 'drained'`;
  return (await scene.home(scene.poolId, sql, [epoch])).length > 0;
}

const rowsOf = (report: MoveReport | undefined, name: string): number | undefined =>
  report?.tables.find((table) => table.name === name)?.rows;

describe('a move while members are billed, in a pool of two replicas', () => {
  it('a turn that is under way on another replica is waited for, and what drained is billed on where a move is undone', async () => {
    const { letGo, ended } = await heldTurn();
    const { home, url } = scene.newHome();
    await scene.issue(atPool({ phase: 'draining', next: { homeId: home.homeId, epoch: 2, url } }), home);
    await waitFor('the database to be closed', () => billing.isClosed(), WAIT);
    await billing.tell(other.replica);
    expect(await isDrained(2)).toBe(false);
    await letGo();
    // The turn is in; what it reads afterwards may meet the end of its connection.
    await ended;
    const drained = (await scene.reports(2, 'drained')).get('drained');
    expect([rowsOf(drained, 'tenant_item_period'), rowsOf(drained, 'tenant_posting')]).toEqual([TURN, 2 * TURN]);

    await scene.issue(atPool());
    await billing.tell(other.replica);
    await waitFor('the database to be open', async () => !(await billing.isClosed()), WAIT);
    const run = { state: 'succeeded', done: ITEMS, failures: 0 };
    await eventually(async () => {
      await look();
      expect(await billing.runs()).toEqual([run]);
    }, WAIT);
    expect(await billing.charged()).toEqual({ periods: ITEMS, items: ITEMS, entries: ITEMS });
  }, 240_000);

  it('E16: a turn that stood still while the deployment drained leaves nothing behind, and its run goes on in the next home: each item once', async () => {
    await billing.fill(ITEMS);
    const { letGo, ended } = await heldTurn();
    const { home, url } = scene.newHome();
    const next = { homeId: home.homeId, epoch: 3, url };
    await scene.issue(atPool({ phase: 'draining', next }), home);
    await waitFor('what stands still to be put out', () => isDrained(3), WAIT);
    await letGo();
    expect(await ended).toBeInstanceOf(Error);
    // It has not heard of the move.
    await expect(look()).rejects.toMatchObject({ failure: { code: 'PLACEMENT.DRAINING' } });
    const drained = (await scene.reports(3, 'drained')).get('drained');
    const jobs = bareQueue(requiredVariable('TEST_REDIS_URL'), scene.poolId);
    const job = { deploymentId: scene.deploymentId, epoch: 1 };
    await jobs.queue.addBulk(Array.from({ length: JOBS }, () => ({ name: 'look', data: job, opts: { delay: 3_600_000 } })));

    const own = await scene.startOwn(home);
    const copied = (await scene.reports(3, 'copied')).get('copied');
    expect(copied?.tables).toEqual(drained?.tables);
    expect([rowsOf(copied, 'tenant_journal_entry'), rowsOf(copied, 'tenant_posting')]).toEqual([ITEMS, 2 * ITEMS]);
    await scene.issue({ ...next, phase: 'serving', previous: { homeId: scene.poolId, epoch: 1 } }, home);
    await scene.reports(3, 'fenced', 'ready', 'cleaned');
    await jobs.queue.promoteJobs();
    const run = { state: 'succeeded', done: ITEMS, failures: 0 };
    await eventually(async () => expect(await billing.runs()).toEqual([run, run]), WAIT);
    await eventually(async () => expect(await jobs.queue.getJobCountByTypes('waiting', 'active', 'delayed')).toBe(0), WAIT);
    await jobs.close();
    expect(await billing.charged()).toEqual({ periods: 2 * ITEMS, items: 2 * ITEMS, entries: 2 * ITEMS });
    expect(await scene.home(scene.poolId, 'SELECT 1 FROM billing_due WHERE due_at IS NOT NULL')).toEqual([]);
    await checkInvariants(scene.tenantUrl);
    await scene.stop(own);
  }, 240_000);
}); // prettier-ignore
