import { readStackFile, requiredVariable, spawnSource } from '@biplane/testing';
import type { Benchmark, Finding } from './benchmark.js';

const HOMES = Number(process.env['BENCH_HOMES'] ?? '1000');
const ROUNDS = 6;
const MAIN = new URL('../../../apps/core-api/src/testing/desired-state-bench.main.ts', import.meta.url);

interface Measured {
  readonly madeMs: number;
  readonly objects: number;
  readonly list: readonly number[];
  readonly passed: readonly number[];
  readonly writes: number;
  readonly differing: number;
  readonly isUnchanged: boolean;
}

/** One full pass of the reconciler over homes that nobody changed, beside bare lists of the same objects. */
export const desiredState: Benchmark = {
  name: 'desired-state',
  run: async (): Promise<readonly Finding[]> => {
    const { madeMs, objects, list, passed, writes, differing, isUnchanged } = await measured();
    if (writes > 0 || differing > 0 || !isUnchanged) {
      throw new Error(`desired-state: ${writes} writes, ${differing} homes differ, unchanged: ${isUnchanged}`);
    }
    const ratios = passed.map((millis, round) => millis / (list[round] as number)).sort((a, b) => a - b);
    const half = Math.floor(ratios.length / 2);
    return [
      {
        name: `a full pass over ${HOMES} unchanged deployments`,
        baseline: `lists of the same ${objects} objects, kind by kind (made in ${Math.round(madeMs / 1000)} s)`,
        subject: 'the lists, its own rights, every object compared with what it shall be, orphans looked for',
        oracle: 'no request that writes reached the API server, and no object has another version',
        ratio: {
          median: ((ratios[half - 1] as number) + (ratios[half] as number)) / 2,
          min: ratios[0] as number,
          max: ratios.at(-1) as number,
        },
        rounds: ratios.length,
        baselinePerSecond: perSecond(list, objects),
        subjectPerSecond: perSecond(passed, objects),
      },
    ];
  },
};

/** A process of its own, from the service's sources: no tool knows a service from inside. */
async function measured(): Promise<Measured> {
  const server = readStackFile(requiredVariable('STACK_FILE')).postgres;
  const input = { homes: HOMES, rounds: ROUNDS };
  const { code, output } = await spawnSource(MAIN, input, { TEST_POSTGRES_URL: server, NODE_ENV: 'test' }).ended;
  const last = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !last.startsWith('{')) {
    throw new Error(`The measurement ended with ${code}: ${output.slice(-2_000)}`);
  }
  return JSON.parse(last) as Measured;
}

const perSecond = (millis: readonly number[], objects: number): number =>
  Math.round((objects * millis.length * 1_000) / millis.reduce((sum, one) => sum + one, 0));
