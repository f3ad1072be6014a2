import { readStackFile, requiredVariable, spawnSource } from '@biplane/testing';
import type { Benchmark, Finding } from './benchmark.js';

const PAIRS = Number(process.env['BENCH_PAIRS'] ?? '40');
const DATABASES = Number(process.env['BENCH_DATABASES'] ?? '1000');
const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? '5000');
const CONNECTIONS_MAX = 80;
const MAIN = new URL('../../../apps/tenant-api/src/testing/tenants-bench.main.ts', import.meta.url);

/** A shared tenant from its license to ready, beside a bare clone of the same template. */
export const tenantReady: Benchmark = {
  name: 'tenant-ready',
  run: async (): Promise<readonly Finding[]> => {
    const { bare, tenants, isReady } = await measured<{ bare: number[]; tenants: number[]; isReady: boolean }>({
      ...{ measure: 'ready', databases: PAIRS, requests: 0 },
    });
    if (!isReady) throw new Error('tenant-ready: a tenant was not ready with its admin');
    const ratios = tenants.map((millis, pair) => millis / (bare[pair] as number)).sort((a, b) => a - b);
    return [
      {
        name: 'a shared tenant ready, from its license',
        baseline: 'a bare CREATE DATABASE … TEMPLATE of the same template',
        subject: 'TenancyService: intent, clone, roles, mark, admin, report',
        oracle: `each of ${tenants.length} tenants stands ready with its admin`,
        goal: 2,
        ratio: { median: at(ratios, 0.5), min: at(ratios, 0), max: at(ratios, 1) },
        rounds: ratios.length,
        baselinePerSecond: perSecond(bare),
        subjectPerSecond: perSecond(tenants),
      },
    ];
  },
};

interface Access {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly connectionsMax: number;
}

/** Random access to many tenant databases on one server, beside access to one of them. */
export const tenantPools: Benchmark = {
  name: 'tenant-pools',
  run: async (): Promise<readonly Finding[]> => {
    const input = { measure: 'pools', databases: DATABASES, requests: REQUESTS };
    const { madeMs, one, many, oneAgain } = await measured<
      Record<'one' | 'many' | 'oneAgain', Access> & { madeMs: number }
    >(input);
    if (many.connectionsMax > CONNECTIONS_MAX) throw new Error(`tenant-pools: ${many.connectionsMax} connections`);
    const ratios = [one, oneAgain].map(({ p95 }) => many.p95 / p95).sort((a, b) => a - b);
    return [
      {
        name: `random access to ${DATABASES} tenant databases, p95`,
        baseline: `one database, 20 at a time, p95 before and after (made ${DATABASES} in ${Math.round(madeMs / 1000)} s)`,
        subject: `${DATABASES} databases by lot, 20 at a time, under the pools' limits`,
        oracle: `none was refused, and the server held ${many.connectionsMax} connections at most`,
        ratio: { median: (at(ratios, 0) + at(ratios, 1)) / 2, min: at(ratios, 0), max: at(ratios, 1) },
        rounds: 2,
        baselinePerSecond: Math.round(1_000 / one.p95),
        subjectPerSecond: Math.round(1_000 / many.p95),
      },
    ];
  },
};

/** A process of its own, from the service's sources: no tool knows a service from inside. */
async function measured<T>(input: object): Promise<T> {
  const server = readStackFile(requiredVariable('STACK_FILE')).postgres;
  const { code, output } = await spawnSource(MAIN, input, { TEST_POSTGRES_URL: server, NODE_ENV: 'test' }).ended;
  const last = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !last.startsWith('{'))
    throw new Error(`The measurement ended with ${code}: ${output.slice(-2_000)}`);
  return JSON.parse(last) as T;
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;

const perSecond = (millis: readonly number[]): number =>
  Math.round((millis.length / millis.reduce((sum, one) => sum + one, 0)) * 1_000);
