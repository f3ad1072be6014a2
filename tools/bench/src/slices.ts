import { randomUUID } from 'node:crypto';
import { LimitCounters, SliceBank, type LimitKey } from '@biplane/limits';
import { RandomIds, SystemClock, type UnitOfWork } from '@biplane/service-kit';
import { readStackFile, requiredVariable } from '@biplane/testing';
import { Redis } from 'ioredis';
import { withDatabase } from './bench-database.js';
import type { Benchmark, Finding } from './benchmark.js';
import { compare, timed, type Turn } from './rounds.js';

const lanes = 64;
const requestsPerTurn = 20_000;
const rounds = 9;
const replicas = 2;
const cap = 500_000;
const flushEveryMs = 1_000;

/** A call counted against a hard limit: from slices of PostgreSQL's count, beside one INCR of Redis, from as many lanes. */
export const slices: Benchmark = {
  name: 'slices',
  run: () => withDatabase('home', measure),
};

async function measure(unitOfWork: UnitOfWork): Promise<readonly Finding[]> {
  const redis = new Redis(readStackFile(requiredVariable('STACK_FILE')).redis);
  const counted = `bench:${randomUUID()}`;
  const clock = new SystemClock();
  const counters = new LimitCounters({ used: () => Promise.resolve('0') });
  const options = { unitOfWork, counters, clock, ids: new RandomIds(clock) };
  const banks = Array.from({ length: replicas }, () => new SliceBank(options));
  const key = keyOf();
  let admitted = 0;
  const take = async (lane: number): Promise<boolean> => {
    const bank = banks[lane % replicas] as SliceBank;
    const isTaken = (await bank.take(key, String(cap), '1')) === 'taken';
    if (isTaken) admitted += 1;
    return isTaken;
  };
  const failures: unknown[] = [];
  const flushing = setInterval(() => {
    for (const bank of banks) bank.flush().catch((error: unknown) => failures.push(error));
  }, flushEveryMs);
  try {
    const comparison = await compare(
      rounds,
      () => inLanes(() => redis.incr(counted)),
      () => inLanes(take),
    );
    // Until nobody gets anything any more: what was fast must also have been exact.
    await Promise.all(Array.from({ length: lanes }, (_, lane) => untilFull(() => take(lane))));
    for (const bank of banks) await bank.flush();
    const [state] = await counters.read(unitOfWork.reader, [key]);
    if (failures.length > 0) throw failures[0];
    if (admitted !== cap || state?.used !== String(cap)) {
      throw new Error(`slices: ${admitted} of ${cap} admitted, ${state?.used} counted`);
    }
    return [
      {
        name: 'a call against a hard limit, from slices',
        baseline: `Redis INCR, ${lanes} at a time`,
        subject: `SliceBank.take of ${replicas} replicas, ${lanes} at a time, flushed each second`,
        oracle: `used up to its end, exactly ${cap} of ${cap} were admitted and counted`,
        goal: 1 / 5,
        ...comparison,
      },
    ];
  } finally {
    clearInterval(flushing);
    await redis.del(counted);
    redis.disconnect();
  }
}

function inLanes(request: (lane: number) => Promise<unknown>): Promise<Turn> {
  let left = requestsPerTurn;
  const run = async (lane: number): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await request(lane);
    }
  };
  return timed(requestsPerTurn, async () => {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  });
}

async function untilFull(take: () => Promise<boolean>): Promise<void> {
  while (await take());
}

function keyOf(): LimitKey {
  const now = new Date();
  const period = {
    from: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)),
    to: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)),
  };
  return { deploymentId: randomUUID(), meter: 'api_calls', aggregation: 'sum', window: 'month', period };
}
