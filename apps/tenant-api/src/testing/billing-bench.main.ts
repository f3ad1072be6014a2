import { randomUUID } from 'node:crypto';
import { SystemClock } from '@biplane/service-kit';
import { checkInvariants } from '@biplane/testing';
import { Queue, Worker } from 'bullmq';
import pg from 'pg';
import { redisConnection } from '../features/billing-jobs/redis-connection.js';
import { bareQueue } from './billing-replica.js';
import { BillingRig } from './billing-rig.js';
import { firstOfMonth, insertManyItems } from './many-items.js';
import { ONE_STATEMENT, POSTINGS_ALONE } from './billing-bench.sql.js';

/** For tools/bench, which knows no service from inside: what it measures of billing runs, as JSON on the last line. */
export interface BillingBenchInput {
  readonly measure: 'run' | 'queue';
  /** Account items of a run, or jobs of the queue. */
  readonly units: number;
  readonly rounds: number;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as BillingBenchInput;
const clock = new SystemClock();
const rig = await BillingRig.open();
const replica = await rig.replica();
const client = new pg.Client({ connectionString: rig.scene.tenantUrl(rig.tenant.deploymentId) });
await client.connect();
const look = { deploymentId: rig.tenant.deploymentId, epoch: 1 };
const startsOn = firstOfMonth(clock.now());
let filled = 0;
let charged = 0;

async function millisOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function fill(members: number): Promise<void> {
  await insertManyItems((sql, values) => client.query(sql, values), { members, startsOn });
  filled += members;
  // As autovacuum does in its own time: none of the sides is to pay for the rows of the others.
  await client.query('ANALYZE account_item, ledger_account');
}

/** A run of the service over items that are due; each period has one charge afterwards. */
async function runTurn(units: number): Promise<number> {
  await fill(units);
  await rig.makeDue('billing', clock.now());
  const millis = await millisOf(() => replica.processor.process(look));
  charged += units;
  return millis;
}

async function statementTurn(sql: string, units: number): Promise<number> {
  await fill(units);
  const millis = await millisOf(() => client.query(sql, [clock.now(), 'bench', `Locker, ${startsOn}`]));
  await client.query('UPDATE account_item SET next_due_at = NULL WHERE next_due_at <= $1', [clock.now()]);
  charged += units;
  return millis;
}

async function insistOnAll(): Promise<void> {
  const { rows } = await client.query<{ entries: number; minor: string }>(
    `SELECT (SELECT count(*) FROM journal_entry)::int AS entries,
            (SELECT sum(amount_minor) FROM posting WHERE amount_minor > 0)::text AS minor`,
  );
  const [{ entries, minor } = { entries: 0, minor: '' }] = rows;
  if (entries !== charged || minor !== String(charged * 3_100)) throw new Error(`${charged} due: ${entries}, ${minor}`);
  await checkInvariants(rig.scene.tenantUrl(rig.tenant.deploymentId));
}

async function run(): Promise<object> {
  const [runs, whole, alone]: [number[], number[], number[]] = [[], [], []];
  const { units } = input;
  await runTurn(Math.min(units, 2_000));
  await statementTurn(ONE_STATEMENT, Math.min(units, 2_000));
  for (let round = 0; round < input.rounds; round += 1) {
    const turns = [
      async () => void alone.push(await statementTurn(POSTINGS_ALONE, units)),
      async () => void whole.push(await statementTurn(ONE_STATEMENT, units)),
      async () => void runs.push(await runTurn(units)),
    ];
    if (round % 2 === 1) turns.reverse();
    for (const turn of turns) await turn();
  }
  await insistOnAll();
  return { runs, whole, alone };
}

/** Jobs that do nothing, on a queue of their own, as many at a time. */
async function emptyJobs(jobs: number): Promise<number> {
  const prefix = `bench:${randomUUID()}`;
  const [giving, taking] = [true, false].map((failFast) => redisConnection(rig.redisUrl, { failFast }));
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue('bare', { connection: giving!, prefix, defaultJobOptions });
  let left = jobs;
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const worker = new Worker('bare', async () => void ((left -= 1) === 0 && over()), {
    connection: taking!, prefix, concurrency: 4,
  }); // prettier-ignore
  await worker.waitUntilReady();
  const millis = await millisOf(async () => {
    await queue.addBulk(Array.from({ length: jobs }, () => ({ name: 'look', data: look })));
    await ended;
  });
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  for (const connection of [giving, taking]) connection!.disconnect();
  return millis;
}

async function queue(): Promise<object> {
  const [bare, looks, units]: [number[], number[], number[]] = [[], [], []];
  const own = bareQueue(rig.redisUrl, rig.homeId);
  let left = 0;
  let over: () => void = () => undefined;
  const { process: processed } = replica.processor;
  replica.processor.process = async (data) => {
    await processed.call(replica.processor, data);
    if ((left -= 1) === 0) over();
  };
  replica.processor.onApplicationBootstrap();
  const jobs = async (count: number): Promise<number> => {
    left = count;
    const ended = new Promise<void>((resolve) => (over = resolve));
    return millisOf(async () => {
      await own.queue.addBulk(Array.from({ length: count }, () => ({ name: 'look', data: look })));
      await ended;
    });
  };
  await emptyJobs(input.units);
  await jobs(input.units);
  for (let round = 0; round < input.rounds; round += 1) {
    bare.push(await emptyJobs(input.units));
    looks.push(await jobs(input.units));
    await fill(input.units);
    await rig.makeDue('billing', clock.now());
    units.push(await jobs(1));
    charged += input.units;
  }
  await insistOnAll();
  await own.close();
  return { bare, looks, units };
}

const result = input.measure === 'run' ? await run() : await queue();
await client.end();
await rig.close();
process.stdout.write(`${JSON.stringify({ ...result, filled })}\n`);
process.exit(0);
