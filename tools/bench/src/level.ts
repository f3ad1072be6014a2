import { LevelLimits } from '@biplane/limits';
import { executeSql, type UnitOfWork } from '@biplane/service-kit';
import { withDatabase } from './bench-database.js';
import type { Benchmark, Finding } from './benchmark.js';
import { compare, timed, type Turn } from './rounds.js';

const lanes = 1;
const takesPerTurn = 20;
const rounds = 151;
const cap = 1_000_000;
const overdrawn = 200;

/** A level limit in a record's transaction, beside the one UPDATE that it cannot do without. */
export const level: Benchmark = {
  name: 'level',
  run: () => withDatabase('tenant', measure),
};

async function measure(unitOfWork: UnitOfWork): Promise<readonly Finding[]> {
  const levels = new LevelLimits({ count: () => Promise.resolve('0') });
  await executeSql(unitOfWork.reader, 'CREATE TABLE bare (meter text PRIMARY KEY, used numeric(42,12) NOT NULL)');
  await executeSql(unitOfWork.reader, `INSERT INTO bare VALUES ('members', 0)`);
  let admitted = 0;
  const take = async (limit: number): Promise<void> => {
    const question = { meter: 'members', quantity: '1', cap: String(limit) };
    if ((await unitOfWork.run((tx) => levels.take(tx, question))).admitted) admitted += 1;
  };
  const comparison = await compare(
    rounds,
    () =>
      inLanes(takesPerTurn, () =>
        unitOfWork.run((tx) =>
          executeSql(tx, 'UPDATE bare SET used = used + 1 WHERE meter = $1 AND used + 1 <= $2::int', ['members', cap]),
        ),
      ),
    () => inLanes(takesPerTurn, () => take(cap)),
  );
  const rest = 100;
  const limit = admitted + rest;
  await inLanes(overdrawn, () => take(limit));
  const used = await levels.read(unitOfWork.reader, 'members');
  if (admitted !== limit || used !== String(limit)) throw new Error(`level: ${admitted} of ${limit}, ${used} counted`);
  return [
    {
      name: 'a record against a level limit',
      baseline: `one conditional UPDATE in a transaction, ${lanes} at a time`,
      subject: `LevelLimits.take in a transaction, ${lanes} at a time`,
      oracle: `${overdrawn} asked for the last ${rest}: exactly ${limit} were admitted and counted`,
      goal: 1 / 0.85,
      ...comparison,
    },
  ];
}

function inLanes(times: number, work: () => Promise<unknown>): Promise<Turn> {
  let left = times;
  const run = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  return timed(times, async () => {
    await Promise.all(Array.from({ length: lanes }, run));
  });
}
