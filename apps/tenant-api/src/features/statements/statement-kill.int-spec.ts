import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@biplane/service-kit';
import { checkInvariants, drawn, seededRandom, seedOfRun, sizeOfRun, waitFor } from '@biplane/testing';
import { bareQueue, tellAtOnce, type BillingReplica } from '../../testing/billing-replica.js';
import { BillingRig } from '../../testing/billing-rig.js';
import { firstOfMonth } from '../../testing/many-items.js';

/** Three turns of a run. */
const ACCOUNTS = sizeOfRun({ soak: 5_000, ci: 450 });
const WORKERS = 4;
const seed = seedOfRun();
const random = seededRandom(seed);
/** Every step of a run; the number is the turn. */
const POINTS = drawn(
  [
    ...['before_start', 'before_turn', 'after_statements', 'before_count', 'after_turn', 'after_end'],
    ...['after_statements:2', 'after_turn:2', 'before_count:3', 'after_turn:3'],
  ],
  sizeOfRun({ soak: 10, ci: 2 }),
  random,
);
const clock = new SystemClock();
const WAIT = { deadlineMs: 120_000, everyMs: 100 };

let rig: BillingRig;
let replica: BillingReplica;
let bare: ReturnType<typeof bareQueue>;
/** Each of which told every account once. */
let runs = 0;

beforeAll(async () => {
  rig = await BillingRig.open();
  replica = await rig.replica();
  const financials = { features: ['automated_billing', 'statement_runs'], limits: [] };
  await rig.license(replica, { modules: { financials } });
  bare = bareQueue(rig.redisUrl, rig.homeId);
  await rig.fill({ members: ACCOUNTS, startsOn: firstOfMonth(clock.now()) });
  await rig.query(`UPDATE member SET email = id || '@acme.example'`);
  await rig.query(
    `INSERT INTO letterhead (version, legal_name, address, contact, locale, time_zone, recorded_by, recorded_at)
     VALUES (1, 'Acme', '{}', '{}', 'en', 'UTC', 'admin', $1)`,
    [clock.now()],
  );
  await rig.makeDue('billing', clock.now());
  await replica.processor.process(job());
});
afterEach(async () => {
  await checkInvariants(rig.scene.tenantUrl(rig.tenant.deploymentId));
});
afterAll(async () => {
  await bare?.close();
  await rig?.close();
});

const job = () => ({ deploymentId: rig.tenant.deploymentId, epoch: 1 });

async function dueRun(): Promise<void> {
  runs += 1;
  await rig.makeDue('statements', clock.now());
}

async function outcome() {
  const [row] = await rig.query<Record<string, number>>(
    `SELECT count(*)::int AS statements, count(DISTINCT account_id)::int AS accounts, count(DISTINCT run_id)::int AS runs,
            (SELECT count(*) FROM statement_paper)::int AS papers, (SELECT count(*) FROM statement_mail)::int AS mails,
            (SELECT count(*) FROM billing_run WHERE state = 'running')::int AS running,
            (SELECT sum(done) FROM billing_run WHERE kind = 'statements')::int AS counted,
            (SELECT sum(entries) FROM statement)::int AS entries FROM statement`,
  );
  return row!;
}

/** What so many clean runs would have come to: the one entry of each account is told by its first. */
const onceEach = () => ({
  ...{ statements: runs * ACCOUNTS, accounts: ACCOUNTS, runs, running: 0, entries: ACCOUNTS },
  ...{ papers: runs * ACCOUNTS, mails: runs * ACCOUNTS, counted: runs * ACCOUNTS },
});

const ended = () =>
  waitFor('every run to end', async () => {
    const found = await outcome();
    return found['running'] === 0 && found['runs'] === runs && found;
  }, WAIT); // prettier-ignore

describe('statement runs in processes of their own', () => {
  it('D17: four workers that are all told at once, again and again, tell each account once between them', async () => {
    const workers = await rig.workers(WORKERS);
    await dueRun();
    await tellAtOnce(bare.queue, job());
    expect(await ended()).toEqual(onceEach());
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map((worker) => worker.ended));
  });

  it.each(POINTS)(
    'D17: a statement run that was killed at %s comes to its end, each account told once',
    async (point) => {
      await dueRun();
      const { signal, output } = await rig.look(`billing_run.${point}`).ended;
      expect({ seed, point, signal, output }).toMatchObject({ signal: 'SIGKILL' });
      await replica.processor.process(job());
      expect({ seed, point, ...(await ended()) }).toEqual({ seed, point, ...onceEach() });
    },
  );
});
