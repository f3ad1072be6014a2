import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeDatabaseName, homeRoleNames, tenantDatabaseName } from '@biplane/licensing';
import { SystemClock, type UnitOfWork } from '@biplane/service-kit';
import {
  drawn,
  requiredVariable,
  seededRandom,
  seedOfRun,
  sizeOfRun,
  spawnSource,
  testPostgres,
  testUnitOfWork,
  TestIssuer,
  type Child,
  type IssuedRecord,
  type TestPostgres,
} from '@biplane/testing';
import { redisPrefix } from '../../redis-prefix.js';
import { dropHome } from '../../testing/drop-home.js';
import { dedicatedLicense, newDedicatedHome, type DedicatedHome } from '../../testing/enrollment-rig.js';
import { newFieldKey } from '../../testing/home-rig.js';
import type { PoolChildInput } from '../../testing/pool.child.js';
import { PurgingReplica } from '../../testing/purge-rig.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../tenancy/index.js';

const seed = seedOfRun();
const random = seededRandom(seed);
/** Each is a process, and most of its time is its start: some of them in every run, all of them in a soak. */
const ENROLLING = drawn(
  [
    'enrollment.after_home_roles',
    'enrollment.after_home_database',
    'enrollment.after_intent',
    'enrollment.after_redis_user',
    'enrollment.after_tenant_database',
  ],
  sizeOfRun({ ci: 2, soak: 5 }),
  random,
);
const PURGING = drawn(
  [
    'purge.after_drop',
    'purge.after_home_database',
    'purge.before_record',
    'purge.after_intent',
    'purge.after_silence',
    'purge.after_lock_out',
    'purge.after_roles',
    'purge.after_redis',
  ],
  sizeOfRun({ ci: 2, soak: 8 }),
  random,
);

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const redisUrl = requiredVariable('TEST_REDIS_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
// The children's clock is the machine's.
const clock = new SystemClock();
const issuer = new TestIssuer('eu-1', clock.now());
const lastDay = new Date(clock.now().getTime() - 3_600_000).toISOString();
const fieldKey = newFieldKey();
const password = randomBytes(12).toString('hex');
const { provisioner } = homeRoleNames(homeId);
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });

interface Victim {
  readonly home: DedicatedHome;
  readonly start: () => Child;
}

const victims = new Map<string, Victim>();
let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;
let survivor: PurgingReplica;

const admin = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> =>
  withSession(superUrl, async (session) => (await session.query(sql, params)).rows as Row[]);

const asInput = (records: readonly IssuedRecord[]): PoolChildInput['records'] =>
  records.map(({ topic, key, headers, value }) => ({ topic, key: String(key), headers, value: String(value) }));

function spawnPool(point: string, record: IssuedRecord, work: Pick<PoolChildInput, 'enroll' | 'purge'>): Child {
  const input: PoolChildInput = {
    ...{ homeUrl: homeDatabase.url, provisionerUrl, redisUrl, homeId, fieldKey: fieldKey.toString('base64') },
    rootJwk: issuer.rootPublicKey.export({ format: 'jwk' }) as Record<string, string>,
    records: asInput([issuer.keyRecord('k1'), record]),
    ...work,
  };
  const file = new URL('../../testing/pool.child.ts', import.meta.url);
  return spawnSource(file, input, { FAULT_POINTS: point, NODE_ENV: 'test' });
}

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  await admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  await ensureTemplate({ provisionerUrl, homeId, schema });
  const rootKey = issuer.rootPublicKey;
  survivor = new PurgingReplica({
    ...{ clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey, redisUrl },
  });
  await survivor.replica.keeper.takeRecord(issuer.keyRecord('k1'));
  for (const point of ENROLLING) {
    const home = newDedicatedHome();
    const record = dedicatedLicense(issuer, home);
    await survivor.replica.keeper.takeRecord(record);
    const { deploymentId, token } = home;
    victims.set(point, {
      home,
      start: () => spawnPool(point, record, { enroll: { homeId: home.homeId, deploymentId, token } }),
    });
  }
  for (const point of PURGING) {
    const home = newDedicatedHome();
    const { deploymentId } = home;
    await survivor.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
    await survivor.enrollment.enroll({ homeId: home.homeId, deploymentId }, home.token);
    const record = dedicatedLicense(issuer, home, { version: 2, status: 'revoked', purgeAfter: lastDay });
    await survivor.replica.keeper.takeRecord(record);
    victims.set(point, { home, start: () => spawnPool(point, record, { purge: deploymentId }) });
  }
});

afterAll(async () => {
  for (const { home } of victims.values()) {
    await survivor.redis.dropUser(home.homeId);
    await survivor.redis.dropKeys(redisPrefix(home.homeId));
  }
  await survivor.close();
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

async function killed(point: string): Promise<DedicatedHome> {
  const victim = victims.get(point);
  if (!victim) throw new Error(`Nobody was to die at ${point}`);
  const { signal, output } = await victim.start().ended;
  expect([seed, signal, output]).toEqual([seed, 'SIGKILL', output]);
  return victim.home;
}

describe('a replica of a pool that is killed', () => {
  it.each(ENROLLING)('E1, E3: killed at %s, another replica finishes the enrollment that it began', async (point) => {
    const { homeId: id, deploymentId, token } = await killed(point);
    const answer = await survivor.enrollment.enroll({ homeId: id, deploymentId }, token);
    for (const url of [
      answer.homeDatabaseUrl,
      answer.homeMigrationDatabaseUrl,
      answer.tenantDatabase?.runtimeUrl ?? '',
      answer.tenantDatabase?.ownerUrl ?? '',
    ]) {
      await withSession(url, async (session) => session.query('SELECT 1'));
    }
    const redis = new Redis(answer.redis.url, { maxRetriesPerRequest: 0 });
    await redis.set(`${redisPrefix(id)}x`, '1');
    redis.disconnect();
  });

  it.each(PURGING)(
    'killed at %s, another replica finishes the removal that it began, and one of them tells it',
    async (point) => {
      const { homeId: id, deploymentId } = await killed(point);
      expect(await survivor.purge.purge(deploymentId)).toBe(true);
      const left = await admin(
        `SELECT datname FROM pg_database WHERE datname = ANY($1)
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ ANY($1)`,
        [[tenantDatabaseName(deploymentId), homeDatabaseName(id)]],
      );
      expect([left, await survivor.redis.hasUser(id)]).toEqual([[], false]);
      const reports = await homeDatabase.query<{ value: string }>('SELECT value FROM outbox WHERE key = $1', [
        deploymentId,
      ]);
      expect(reports.map(({ value }) => JSON.parse(value) as object)).toMatchObject([
        { homeId: id, database: { state: 'dropped' } },
      ]);
    },
  );
});
