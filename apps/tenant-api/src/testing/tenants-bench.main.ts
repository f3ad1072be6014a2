import { randomUUID } from 'node:crypto';
import { tenantDatabaseName } from '@biplane/licensing';
import { querySql, type UnitOfWork } from '@biplane/service-kit';
import { newPlacement, requiredVariable } from '@biplane/testing';
import { openTenantDatabase } from '../database.js';
import { quoteName, serverNames } from '../features/tenancy/domain/server-names.js';
import { urlFor, withSession, type Session } from '../features/tenancy/server-session.js';
import { POOL_LIMITS, TenantPools } from '../features/tenancy/tenant-pools.js';
import { FleetScene } from './fleet-rig.js';

/** For tools/bench, which knows no service from inside: what it measures of tenant databases, as JSON on the last line. */
export interface TenantsBenchInput {
  readonly measure: 'ready' | 'pools';
  readonly databases: number;
  readonly requests: number;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as TenantsBenchInput;
const superUrl = requiredVariable('TEST_POSTGRES_URL');
const millisOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

/** Pairs in turns: a bare clone of the same template, and a tenant from its license to ready. */
async function ready(): Promise<object> {
  const scene = await FleetScene.of(0);
  const { template } = serverNames(scene.homeId, scene.base.hash);
  const replica = await scene.replica();
  const bare: number[] = [];
  const tenants: number[] = [];
  let isReady = true;
  const makeBare = () =>
    withSession(scene.provisionerUrl, async (session) => {
      const name = quoteName(`bare_${randomUUID().replaceAll('-', '')}`);
      bare.push(await millisOf(() => session.query(`CREATE DATABASE ${name} TEMPLATE ${quoteName(template)}`)));
    });
  const makeTenant = async (): Promise<void> => {
    const placement = newPlacement(scene.homeId);
    const expiresAt = '2028-01-01T00:00:00.000Z';
    const bootstrap = { adminUserId: randomUUID(), inviteTokenHash: 'a'.repeat(64), expiresAt };
    const compact = scene.issuer.sign(scene.issuer.claims(placement, { bootstrap }), 'k1');
    tenants.push(
      await millisOf(async () => {
        await replica.home.keeper.takeRecord(scene.issuer.licenseRecord(placement.deploymentId, compact));
        await replica.home.reconciler.drain();
      }),
    );
    const rows = await scene.database.query<{ state: string }>(
      'SELECT state FROM tenant_database WHERE deployment_id = $1 AND admin_bootstrapped',
      [placement.deploymentId],
    );
    isReady &&= rows[0]?.state === 'ready';
  };
  await makeBare();
  await makeTenant();
  [bare.length, tenants.length] = [0, 0];
  for (let pair = 0; pair < input.databases; pair += 1) {
    const both = [makeBare, makeTenant];
    if (pair % 2 === 1) both.reverse();
    for (const make of both) await make();
  }
  await scene.close();
  return { bare, tenants, isReady };
}

/** One database and many, by as many callers at once, under the limits of the service. */
async function pools(): Promise<object> {
  const scene = await FleetScene.of(1);
  const model = tenantDatabaseName(scene.placements[0]!.deploymentId);
  await withSession(scene.tenantUrl(scene.placements[0]!.deploymentId), async () => undefined);
  const prefix = `many_${randomUUID().replaceAll('-', '').slice(0, 12)}_`;
  const names = Array.from({ length: input.databases }, (_, index) => `${prefix}${index}`);
  const { template } = serverNames(scene.homeId, scene.base.hash);
  const inSession = <T>(work: (session: Session) => Promise<T>): Promise<T> => withSession(superUrl, work);
  try {
    const madeMs = await millisOf(() => make(names, template, inSession));
    const one = await accessed([model], prefix, inSession);
    const many = await accessed(names, prefix, inSession);
    const oneAgain = await accessed([model], prefix, inSession);
    return { madeMs, one, many, oneAgain };
  } finally {
    await inSession(async (session) => {
      // Each waits for a checkpoint, and a thousand of them write gigabytes.
      await session.query('SET statement_timeout = 0');
      for (const name of names) await session.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
    });
    await scene.close();
  }
}

type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>;
const LANES = 20;

async function make(names: readonly string[], template: string, inSession: InSession): Promise<void> {
  await inSession(async (session) => {
    await session.query('SET statement_timeout = 0');
    for (const name of names) {
      await session.query(`CREATE DATABASE ${quoteName(name)} TEMPLATE ${quoteName(template)} STRATEGY WAL_LOG`);
    }
    // What they wrote, gigabytes of it, is not what access to them costs.
    await session.query('CHECKPOINT');
  });
}

async function accessed(names: readonly string[], prefix: string, inSession: InSession) {
  const { idleMs, connectionsPerPoolMax: poolMax } = POOL_LIMITS;
  const tenants = new TenantPools(
    async (name): Promise<UnitOfWork> => openTenantDatabase(urlFor(superUrl, name), { poolMax, idleMs }),
    { ...POOL_LIMITS, waitMs: 60_000 },
  );
  let left = input.requests;
  let connectionsMax = 0;
  const millis: number[] = [];
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const name = names[Math.floor(Math.random() * names.length)] as string;
      millis.push(
        await millisOf(() =>
          tenants.use(name, (tenant) => querySql(tenant.reader, 'SELECT count(*)::int FROM member')),
        ),
      );
      if (millis.length % 100 === 0) {
        const { rows } = await inSession((session) =>
          session.query<{ count: number }>(
            `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'biplane-tenant' AND datname LIKE $1 || '%'`,
            [prefix],
          ),
        );
        connectionsMax = Math.max(connectionsMax, rows[0]?.count ?? 0);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await tenants.closeAll();
  millis.sort((a, b) => a - b);
  const at = (share: number): number => millis[Math.min(millis.length - 1, Math.floor(millis.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), connectionsMax };
}

const result = input.measure === 'ready' ? await ready() : await pools();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
