import { readStackFile, requiredVariable, spawnSource } from '@biplane/testing';
import type { Benchmark, Finding } from './benchmark.js';

const ITEMS = Number(process.env['BENCH_ITEMS'] ?? '100000');
const RUN_ROUNDS = 3;
const JOBS = 1_000;
const QUEUE_ROUNDS = 9;
const MAIN = new URL('../../../apps/tenant-api/src/testing/billing-bench.main.ts', import.meta.url);

/** A billing run of the service, beside the same postings inserted by one statement under the same triggers. */
export const billingRun: Benchmark = {
  name: 'billing-run',
  run: async (): Promise<readonly Finding[]> => {
    const input = { measure: 'run', units: ITEMS, rounds: RUN_ROUNDS };
    const { runs, whole, alone } = await measured<Record<'runs' | 'whole' | 'alone', number[]>>(input);
    const subject =
      'BillingJobProcessor: turns of 500, each unit asked of the license, priced by its calendar and explained';
    const oracle = `all ${ITEMS} items of each turn have one charge each, of the same sum on both sides, and the ledger's invariants hold`;
    const name = `a billing run over ${ITEMS} account items`;
    return [
      {
        ...{ name, subject, oracle, goal: 5 },
        baseline: 'one INSERT … SELECT of the same entries and postings, and nothing else',
        ...compared(alone, runs, ITEMS),
      },
      {
        ...{ name: `${name}, beside all that it stores`, subject, oracle, goal: 3 },
        baseline: 'one statement that stores entries, postings, decided periods and when each item is due next',
        ...compared(whole, runs, ITEMS),
      },
    ];
  },
};

/** What the queue costs: a job that finds nothing, and a unit that is charged through it, beside empty jobs of bare BullMQ. */
export const billingQueue: Benchmark = {
  name: 'billing-queue',
  run: async (): Promise<readonly Finding[]> => {
    const input = { measure: 'queue', units: JOBS, rounds: QUEUE_ROUNDS };
    const { bare, looks, units } = await measured<Record<'bare' | 'looks' | 'units', number[]>>(input);
    const baseline = `${JOBS} jobs of bare BullMQ that do nothing, added at once, 4 at a time`;
    const oracle = 'every job was taken, every unit charged once, and the ledger’s invariants hold';
    return [
      {
        ...{ name: 'a job that finds nothing due', baseline, oracle, goal: 10 },
        subject: 'the same jobs, which read the tenant’s runs and schedules and write its place in the index',
        ...compared(bare, looks, JOBS),
      },
      {
        ...{ name: 'a unit charged through the queue', baseline, oracle, goal: 5 },
        subject: `one job that charges ${JOBS} units`,
        ...compared(bare, units, JOBS),
      },
    ];
  },
};

function compared(
  baseline: readonly number[],
  subject: readonly number[],
  units: number,
): Pick<Finding, 'ratio' | 'rounds' | 'baselinePerSecond' | 'subjectPerSecond'> {
  const ratios = subject.map((millis, round) => millis / (baseline[round] as number)).sort((a, b) => a - b);
  const at = (index: number): number => ratios[index] as number;
  const half = Math.floor(ratios.length / 2);
  return {
    ratio: { median: at(half), min: at(0), max: at(ratios.length - 1) },
    rounds: ratios.length,
    baselinePerSecond: perSecond(baseline, units),
    subjectPerSecond: perSecond(subject, units),
  };
}

function perSecond(millis: readonly number[], units: number): number {
  return Math.round((millis.length * units * 1_000) / millis.reduce((sum, one) => sum + one, 0));
}

/** A process of its own, from the service's sources: no tool knows a service from inside. */
async function measured<T>(input: object): Promise<T> {
  const { postgres, redis } = readStackFile(requiredVariable('STACK_FILE'));
  const env = { TEST_POSTGRES_URL: postgres, TEST_REDIS_URL: redis, NODE_ENV: 'test' };
  const { code, output } = await spawnSource(MAIN, input, env).ended;
  const last = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !last.startsWith('{'))
    throw new Error(`The measurement ended with ${code}: ${output.slice(-2_000)}`);
  return JSON.parse(last) as T;
}
