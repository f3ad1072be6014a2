import { randomUUID } from 'node:crypto';
import { executeSql, querySql, type Tx, type UnitOfWork } from '@biplane/service-kit';
import {
  gst,
  insertManyMonths,
  insertManyTenants,
  meteredMeters,
  meteredPlan,
  publishPlan,
  StackClient,
  waitFor,
} from '@biplane/testing';
import pg from 'pg';
import { withDatabase } from './bench-database.js';
import type { Benchmark, Finding } from './benchmark.js';
import { FINGERPRINT, ONE_STATEMENT } from './rollup-sql.js';
import { compare, timed, type Turn } from './rounds.js';

/** `BENCH_TENANTS=100000` is the size of the goal; by default as many as take no minutes. */
const tenants = Number(process.env['BENCH_TENANTS'] ?? 5_000);
const rounds = 3;
const region = 'eu-1';
const PATIENCE_MS = 3_600_000;

/**
 * The roll-up of the running service, with documents, hashes, audit and events, beside one statement that computes the same
 * bills in PostgreSQL and stores the same rows under the same triggers. Then the same month again.
 */
export const rollup: Benchmark = {
  name: 'rollup',
  run: () => withDatabase('core', measure),
};

async function measure(alone: UnitOfWork): Promise<readonly Finding[]> {
  const { core, stack } = StackClient.fromEnvironment();
  const service = new pg.Client({ connectionString: coreDatabase(stack.postgres) });
  await service.connect();
  try {
    await prepareCatalog(core);
    const { now } = (await core.expect(200, 'GET', '/version')) as { now: string };
    const months = lastMonths(now.slice(0, '2026-04'.length), rounds + 1);
    const scene = { homeId: randomUUID(), months };
    await fill((sql, values) => service.query(sql, values), scene);
    await patiently(alone, (tx) => fill((sql, values) => querySql(tx, sql, values), scene));

    const [forStatement, forService] = [[...months], [...months]];
    const ran: string[] = [];
    const comparison = await compare(
      rounds,
      () => statementTurn(alone, forStatement.shift()!),
      async () => {
        const month = forService.shift()!;
        ran.push(month);
        return runTurn(core, month, tenants);
      },
    );
    for (const month of ran) await insistOnSame(alone, service, month);

    const first: Turn = { units: tenants, millis: (tenants / comparison.subjectPerSecond) * 1_000 };
    const again = await compare(
      rounds,
      () => first,
      () => runTurn(core, ran[0]!, 0),
    );
    return [
      {
        name: `roll-up of ${tenants} tenants with six meters each`,
        baseline:
          'one statement that prices in SQL and stores documents, lines, audit, events and accounts under the same triggers',
        subject: 'POST /admin/billing/rollup of the running service',
        oracle: `every line of every invoice of ${ran.length} months is the same in both, to the cent`,
        goal: 1.25,
        ...comparison,
      },
      {
        name: 'the same month again',
        baseline: 'the first run of such a month, on average',
        subject: 'POST /admin/billing/rollup of a month that is invoiced',
        oracle: 'it issues none',
        goal: 0.05,
        ...again,
      },
    ];
  } finally {
    await service.end();
  }
}

type Core = StackClient['core'];

async function runTurn(core: Core, month: string, expected: number): Promise<Turn> {
  return timed(tenants, async () => {
    const begun = (await core.post(`/api/v1/admin/billing/rollup?period=${month}`, undefined)).body as Run;
    const ended = begun.state === 'running' ? await awaitEnd(core, begun.id) : begun;
    if (ended.state === 'succeeded' && ended.issued === expected) return;
    throw new Error(`rollup: ${month} should issue ${expected}: ${JSON.stringify(ended).slice(0, 500)}`);
  });
}

interface Run {
  readonly id: string;
  readonly state: string;
  readonly issued: number;
}

function awaitEnd(core: Core, id: string): Promise<Run> {
  return waitFor(
    'the roll-up',
    async () => {
      const run = (await core.expect(200, 'GET', `/api/v1/admin/billing/rollups/${id}`)) as Run;
      return run.state === 'running' ? false : run;
    },
    { deadlineMs: PATIENCE_MS },
  );
}

async function statementTurn(alone: UnitOfWork, month: string): Promise<Turn> {
  const { from, to } = utcMonth(month);
  const at = new Date(Date.parse(to) + 48 * 3_600_000).toISOString();
  const year = Number(at.slice(0, 4));
  await executeSql(alone.reader, `INSERT INTO invoice_series VALUES ('BP', $1::int, 0) ON CONFLICT DO NOTHING`, [year]);
  const [series] = await querySql<{ last: number }>(
    alone.reader,
    `SELECT last_number AS last FROM invoice_series WHERE issuer = 'BP' AND year = $1::int`,
    [year],
  );
  const values = [from, to, month, year, series!.last, meteredMeters, at];
  return timed(tenants, async () => {
    await patiently(alone, (tx) => executeSql(tx, ONE_STATEMENT, values));
  });
}

/** Without the limits that a service has. */
function patiently<T>(alone: UnitOfWork, work: (tx: Tx) => Promise<T>): Promise<T> {
  return alone.run(
    async (tx) => {
      await executeSql(tx, 'SET LOCAL statement_timeout = 0');
      return work(tx);
    },
    { timeoutMs: PATIENCE_MS },
  );
}

async function insistOnSame(alone: UnitOfWork, service: pg.Client, month: string): Promise<void> {
  const [expected] = await querySql<object>(alone.reader, FINGERPRINT, [month]);
  const { rows } = await service.query<object>(FINGERPRINT, [month]);
  if (JSON.stringify(expected) !== JSON.stringify(rows[0])) {
    throw new Error(`rollup: ${month} is ${JSON.stringify(rows[0])}, computed by SQL ${JSON.stringify(expected)}`);
  }
}

async function prepareCatalog(core: Core): Promise<void> {
  for (const meter of meteredMeters) {
    await core.post('/api/v1/catalog/meters', {
      meter,
      name: meter,
      unit: 'unit',
      aggregation: 'sum',
      authority: 'data',
    });
  }
  await core.post('/api/v1/catalog/taxes', gst);
  await publishPlan(core, meteredPlan);
}

interface Scene {
  readonly homeId: string;
  readonly months: readonly string[];
}

async function fill(
  query: (sql: string, values?: unknown[]) => Promise<unknown>,
  { homeId, months }: Scene,
): Promise<void> {
  const readyAt = utcMonth(months[0]!).from;
  const many = { count: tenants, homeId, region, plan: { code: 'metered', version: 1 }, timeZones: ['UTC'], readyAt };
  await insertManyTenants(query, many);
  const usedAt = months.map((month) => `${month}-10T12:00:00.000Z`);
  const closed = { from: readyAt, to: utcMonth(months.at(-1)!).to };
  await insertManyMonths(query, many, {
    homeId,
    region,
    meters: meteredMeters,
    usedAt,
    closed,
    recordedAt: usedAt[0]!,
  });
}

/** Whole months before this one, oldest first. */
function lastMonths(running: string, count: number): string[] {
  const months: string[] = [running];
  while (months.length <= count) {
    const dayBefore = new Date(Date.parse(`${months[0]}-01T00:00:00Z`) - 1);
    months.unshift(dayBefore.toISOString().slice(0, running.length));
  }
  return months.slice(0, count);
}

function utcMonth(month: string): { from: string; to: string } {
  const [year, number] = month.split('-').map(Number) as [number, number];
  const start = (monthIndex: number) => new Date(Date.UTC(year, monthIndex, 1)).toISOString();
  return { from: start(number - 1), to: start(number) };
}

function coreDatabase(server: string): string {
  const url = new URL(server);
  url.pathname = '/biplane_core';
  return url.href;
}
