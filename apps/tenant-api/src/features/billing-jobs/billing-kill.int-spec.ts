import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@biplane/service-kit';
import { checkInvariants, seededRandom, seedOfRun, sizeOfRun, waitFor, type Child } from '@biplane/testing';
import { Worker } from 'bullmq';
import { bareQueue, tellAtOnce, type BillingReplica } from '../../testing/billing-replica.js';
import { BillingRig } from '../../testing/billing-rig.js';
import { firstOfMonth } from '../../testing/many-items.js';
import { redisPrefix } from '../../redis-prefix.js';
import { QUEUE, queuePrefix } from './billing-queue.js';
import { redisConnection } from './redis-connection.js';

/** Three turns of a run. */
const ITEMS = sizeOfRun({ soak: 5_000, ci: 1_100 });
const WORKERS = 4;
const isSoak = sizeOfRun({ soak: 1, ci: 0 }) === 1;
/** Every step of a run, in the order in which they are reached; the number is the turn. */
const POINTS = [
  'billing_due.after_take',
  'billing_run.before_start',
  'billing_run.before_turn',
  'billing_run.after_entries',
  'billing_run.before_count',
  'billing_run.after_turn',
  'billing_run.after_entries:2',
  'billing_run.after_turn:2',
  'billing_run.before_count:3',
  'billing_run.after_turn:3',
  'billing_run.after_end',
];
const seed = seedOfRun();
const random = seededRandom(seed);
const clock = new SystemClock();
const WAIT = { deadlineMs: 120_000, everyMs: 100 };

let rig: BillingRig;
let replica: BillingReplica;
let bare: ReturnType<typeof bareQueue>;
/** Items that are there, each of which is due for one period. */
let items = 0;
/** A worker that is left of the first scene. */
let slow: Child | undefined;

beforeAll(async () => {
  rig = await BillingRig.open();
  replica = await rig.replica();
  bare = bareQueue(rig.redisUrl, rig.homeId);
});
afterEach(async () => {
  await checkInvariants(rig.scene.tenantUrl(rig.tenant.deploymentId));
});
afterAll(async () => {
  await bare?.close();
  await rig?.close();
});

const job = () => ({ deploymentId: rig.tenant.deploymentId, epoch: 1 });

/** More items that are due, and a schedule whose turn has come. */
async function dueRun(): Promise<void> {
  await rig.fill({ members: ITEMS, startsOn: firstOfMonth(clock.now()) });
  items += ITEMS;
  await rig.makeDue('billing', clock.now());
}

interface Outcome {
  readonly entries: number;
  readonly charged: number;
  readonly items: number;
  readonly twice: number;
  readonly minor: string;
  readonly running: number;
  readonly counted: number;
}

async function outcome(): Promise<Outcome> {
  const [row] = await rig.query<Outcome>(
    `SELECT (SELECT count(*) FROM journal_entry)::int AS entries, count(*) FILTER (WHERE state = 'charged')::int AS charged,
            count(DISTINCT item_id)::int AS items, (count(*) - count(DISTINCT (item_id, period_from)))::int AS twice,
            (SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE amount_minor > 0)::text AS minor,
            (SELECT count(*) FROM billing_run WHERE state = 'running')::int AS running,
            (SELECT coalesce(sum(done), 0) FROM billing_run)::int AS counted FROM item_period`,
  );
  return row!;
}

/** What one clean run would have come to. */
const onceEach = (): Outcome => ({
  ...{ entries: items, charged: items, items, twice: 0, minor: String(items * 3100), running: 0, counted: items },
});

async function ended(): Promise<Outcome> {
  return waitFor('every run to end', async () => {
    const found = await outcome();
    const [due] = await rig.query('SELECT 1 FROM account_item WHERE next_due_at <= $1 LIMIT 1', [clock.now()]);
    return found.running === 0 && found.counted > 0 && due === undefined && found;
  }, WAIT); // prettier-ignore
}

describe('runs in processes of their own', () => {
  it('D17: four workers that are all told at once, again and again, charge each item and period once between them', async () => {
    const workers = await rig.workers(WORKERS);
    await dueRun();
    await tellAtOnce(bare.queue, job());
    expect(await ended()).toEqual(onceEach());
    [slow] = workers;
    for (const worker of workers.slice(1)) worker.kill('SIGKILL');
    await Promise.all(workers.slice(1).map((worker) => worker.ended));
  });

  it('D17: a worker that stands still longer than its job is its own charges nothing again when it goes on', async () => {
    await dueRun();
    const letGo = await rig.hold(0, clock.now());
    await replica.index.give(clock.now());
    await waitFor('it to wait in the middle of a turn', () => rig.isWaiting(), WAIT);
    slow!.kill('SIGSTOP');
    await letGo();
    const second = await stalled();
    // The second has done what the first does not hold; what it holds is done by the first, or given back by PostgreSQL.
    slow!.kill('SIGCONT');
    await waitFor('the rest', async () => {
      await bare.queue.add('look', job());
      return (await outcome()).charged === items;
    }, WAIT); // prettier-ignore
    expect(await ended()).toEqual(onceEach());
    expect(second.stalledJobs).toBeGreaterThan(0);
    await second.close();
    slow!.kill('SIGKILL');
    await slow!.ended;
  }, 240_000);

  it.each(isSoak ? POINTS : pick(POINTS, 1))(
    'D17: a run that was killed at %s comes to its end, each item and period charged once',
    async (point) => {
      await rig.forgetQueue();
      await dueRun();
      const isGiven = point.startsWith('billing_due');
      const { signal, output } = await (isGiven ? rig.give(point) : rig.look(point)).ended;
      expect({ point, signal, output }).toMatchObject({ signal: 'SIGKILL' });
      // Whoever looks next goes on from there; what was marked as given and is not in the queue is given after a minute.
      await replica.index.give(clock.now());
      expect(await bare.queue.getJobCountByTypes('waiting')).toBe(isGiven ? 0 : 1);
      await replica.index.give(new Date(clock.now().getTime() + 60_001));
      const [given] = await bare.queue.getJobs('waiting');
      await replica.processor.process(given!.data);
      expect({ seed, point, ...(await ended()) }).toEqual({ seed, point, ...onceEach() });
    },
  );

  it('D17: one that is killed at random, again and again, comes to its end, each item and period charged once', async () => {
    await dueRun();
    for (let kill = 0; kill < sizeOfRun({ soak: 50, ci: 1 }); kill += 1) {
      const child = rig.look('');
      const before = (await outcome()).charged;
      let looksLeft = Math.floor(random() * 4);
      await waitFor('some of it', async () => {
        const { charged } = await outcome();
        return charged === items || (charged > before && (looksLeft -= 1) < 0);
      }, { ...WAIT, everyMs: 25 }); // prettier-ignore
      child.kill('SIGKILL');
      await child.ended;
      if (kill % 5 === 4) await dueRun();
    }
    await replica.processor.process(job());
    expect({ seed, ...(await ended()) }).toEqual({ seed, ...onceEach() });
  }, 600_000);
});

/** A second worker on the queue, once it has taken over the job of one that stands still and has looked. */
async function stalled(): Promise<{ readonly stalledJobs: number; close: () => Promise<void> }> {
  const connection = redisConnection(rig.redisUrl, { failFast: false });
  const prefix = queuePrefix(redisPrefix(rig.homeId));
  const passed = async (what: string) => {
    const keys = await rig.redis.keys(`${prefix}:${QUEUE}:*${what}`);
    if (keys.length > 0) await rig.redis.del(...keys);
  };
  // The half minute after which its lock, and then BullMQ's last look at all jobs, would be over by themselves.
  if (!isSoak) await passed(':lock');
  let [stalledJobs, processed] = [0, 0];
  const worker = new Worker(
    QUEUE,
    async ({ data }: { data: unknown }) => {
      await replica.processor.process(data);
      processed += 1;
    },
    { connection, prefix, ...(isSoak ? {} : { stalledInterval: 50 }) },
  );
  worker.on('error', () => undefined);
  worker.on('stalled', () => (stalledJobs += 1));
  await waitFor('the job to be taken over', async () => {
    if (!isSoak && stalledJobs === 0) await passed('stalled-check');
    return processed > 0;
  }, WAIT); // prettier-ignore
  return {
    stalledJobs,
    close: async () => {
      await worker.close();
      connection.disconnect();
    },
  };
}

/** So many of them, by the seed, in their order. */
function pick(points: readonly string[], count: number): string[] {
  const chosen = new Set<string>();
  while (chosen.size < count) chosen.add(points[Math.floor(random() * points.length)]!);
  return points.filter((point) => chosen.has(point));
}
