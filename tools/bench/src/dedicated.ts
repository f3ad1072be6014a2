import { freemem } from 'node:os';
import { readFileSync } from 'node:fs';
import { homeDatabaseName } from '@biplane/licensing';
import {
  acmeTenant,
  emptyVersion,
  publishPlan,
  StackClient,
  studioPlan,
  testCluster,
  waitFor,
  type TestCluster,
} from '@biplane/testing';
import pg from 'pg';
import type { Benchmark, Finding, Step } from './benchmark.js';

/** What a process of tenant-api was seen to take when it had just started, and some. */
const HOME_BYTES = 260 * 1024 * 1024;
const WANTED = 100;
const HOMES = Number(process.env['BENCH_HOMES'] ?? Math.min(WANTED, Math.floor((0.7 * freemem()) / HOME_BYTES)));
const AT_ONCE = 8;
const DEADLINE = { deadlineMs: 3_600_000, everyMs: 1_000 };
const REGION = 'eu-1';

const PLAN = { ...studioPlan, code: 'dedicated', version: emptyVersion };

interface Made {
  readonly deploymentId: string;
  readonly homeId: string;
  readonly operationId: string;
  /** By the clock of this machine, as all below. */
  readonly askedAt: number;
}

interface Times {
  readonly applied: number;
  readonly started: number;
  readonly enrolled: number;
  readonly available: number;
}

/** Dedicated deployments at once, each from its request to Available, and where the time goes. */
export const dedicated: Benchmark = {
  name: 'dedicated',
  run: async (): Promise<readonly Finding[]> => {
    const client = StackClient.fromEnvironment();
    const cluster = testCluster();
    const startedAt = Date.now();
    try {
      await publishPlan(client.core, PLAN);
      const made = await inTurns(
        Array.from({ length: HOMES }, (_, no) => no),
        (no) => make(client, no),
      );
      await Promise.all(made.map((one) => succeeded(client, one)));
      const enrolled = await enrolledAt(client);
      const offsetMs = clockOffsetMs(client);
      const times = await inTurns(made, (one) => timesOf(client, cluster, one, { enrolled, offsetMs }));
      return [findingOf(times, Date.now() - startedAt)];
    } finally {
      await cluster.close();
    }
  },
};

async function make({ core }: StackClient, no: number): Promise<Made> {
  const slug = `own-${String(no).padStart(3, '0')}`;
  const tenant = { ...acmeTenant({ slug, region: REGION }), plan: { code: 'dedicated' }, addons: [] };
  const body = { ...tenant, requirements: { ...tenant.requirements, dedicated: true } };
  const askedAt = Date.now();
  const created = (await core.expect(202, 'POST', '/api/v1/tenants', body, { 'Idempotency-Key': slug })) as {
    readonly deployment: { readonly id: string; readonly homeId: string };
    readonly operation: { readonly id: string };
  };
  const { deployment, operation } = created;
  return { deploymentId: deployment.id, homeId: deployment.homeId, operationId: operation.id, askedAt };
}

function succeeded({ core }: StackClient, { operationId, homeId }: Made): Promise<boolean> {
  return waitFor(
    `home ${homeId} to be ready`,
    async () => {
      const shown = await core.expect(200, 'GET', `/api/v1/operations/${operationId}`);
      const { state, reason } = shown as { readonly state: string; readonly reason: string | null };
      // A machine that starts so many processes at once may be later than an operation waits; what comes later completes it.
      if (state === 'failed') process.stdout.write(`home ${homeId} is late: ${reason}\n`);
      return state === 'succeeded';
    },
    DEADLINE,
  );
}

async function timesOf(
  { core }: StackClient,
  cluster: TestCluster,
  { deploymentId, homeId, askedAt }: Made,
  { enrolled, offsetMs }: { readonly enrolled: ReadonlyMap<string, Date>; readonly offsetMs: number },
): Promise<Times> {
  const { conditions } = (await core.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`)) as {
    readonly conditions: readonly { readonly type: string; readonly status: unknown; readonly since: string }[];
  };
  const since = (type: string): number => {
    const condition = conditions.find((each) => each.type === type);
    if (condition === undefined) throw new Error(`dedicated: home ${homeId} does not say whether it is ${type}`);
    return Date.parse(condition.since) - offsetMs - askedAt;
  };
  const pods = await cluster.get<Pods>(`/api/v1/namespaces/t-${homeId.replaceAll('-', '')}/pods`);
  const started = pods?.items
    .map(({ status }) => status.containerStatuses?.[0]?.state.running?.startedAt)
    .find(Boolean);
  const enrolledAt = enrolled.get(homeId);
  if (started === undefined || enrolledAt === undefined) throw new Error(`dedicated: home ${homeId} has no process`);
  return {
    applied: since('Applied'),
    // Kubernetes tells whole seconds.
    started: Math.max(0, Date.parse(started) - askedAt),
    enrolled: enrolledAt.getTime() - offsetMs - askedAt,
    available: since('Available'),
  };
}

interface Pods {
  readonly items: readonly {
    readonly status: {
      readonly containerStatuses?: readonly { readonly state: { readonly running?: { readonly startedAt: string } } }[];
    };
  }[];
}

/** When each home had everything that it was given, as its pool wrote it down. */
async function enrolledAt({ stack }: StackClient): Promise<Map<string, Date>> {
  const url = new URL(stack.postgres);
  url.pathname = `/${homeDatabaseName(stack.homes[REGION] ?? '')}`;
  const database = new pg.Client({ connectionString: url.href });
  await database.connect();
  try {
    const { rows } = await database.query<{ id: string; at: Date }>(
      'SELECT home_id::text AS id, enrolled_at AS at FROM enrolled_home WHERE enrolled_at IS NOT NULL',
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  } finally {
    await database.end();
  }
}

function clockOffsetMs({ stack }: StackClient): number {
  return (JSON.parse(readFileSync(stack.clock, 'utf8')) as { offsetMs: number }).offsetMs;
}

function findingOf(times: readonly Times[], wallMs: number): Finding {
  const ratios = times.map(({ available, started }) => available / Math.max(1_000, available - started)).sort(byNumber);
  const steps = (['applied', 'started', 'enrolled', 'available'] as const).map((name): Step => {
    const sorted = times.map((each) => each[name]).sort(byNumber);
    return { name, p50: at(sorted, 0.5), p95: at(sorted, 0.95), max: at(sorted, 1) };
  });
  return {
    name: `${times.length} dedicated deployments at once, from the request to Available`,
    baseline: 'their processes alone, from the start of each to Available, all on this machine',
    subject: 'tenant, saga, objects, pod, enrollment with its databases, and that process',
    oracle: `each of ${times.length} operations succeeded, after ${Math.round(wallMs / 1000)} s in all`,
    ratio: { median: at(ratios, 0.5), min: at(ratios, 0), max: at(ratios, 1) },
    rounds: times.length,
    baselinePerSecond: perSecond(times.map(({ available, started }) => available - started)),
    subjectPerSecond: perSecond(times.map(({ available }) => available)),
    steps,
  };
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}

const byNumber = (a: number, b: number): number => a - b;
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
const perSecond = (millis: readonly number[]): number =>
  Number(((millis.length * 1_000) / millis.reduce((sum, one) => sum + one, 0)).toPrecision(3));
