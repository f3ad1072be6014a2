import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { homeRoleNames } from '@biplane/licensing';
import { JobRunner, Metrics, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  requiredVariable,
  testPostgres,
  testUnitOfWork,
  TestIssuer,
  type TestPostgres,
} from '@biplane/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { redisPrefix } from '../../redis-prefix.js';
import { dropHome } from '../../testing/drop-home.js';
import { dedicatedLicense, newDedicatedHome, PoolReplica } from '../../testing/enrollment-rig.js';
import { newFieldKey } from '../../testing/home-rig.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../tenancy/index.js';
import { RedisSweep } from './redis-sweep.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const redisUrl = requiredVariable('TEST_REDIS_URL');
const homeId = randomUUID();
const stranger = redisPrefix(randomUUID());
const schema = readTenantSchema();
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const metrics = new Metrics();

let redis: Redis;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let pool: PoolReplica;
let sweep: RedisSweep;

beforeAll(async () => {
  const password = randomBytes(12).toString('hex');
  const { provisioner } = homeRoleNames(homeId);
  const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
  redis = new Redis(redisUrl);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  await withSession(superUrl, async (session) => {
    await session.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  });
  await ensureTemplate({ provisionerUrl, homeId, schema });
  const rootKey = issuer.rootPublicKey;
  pool = new PoolReplica({
    ...{ clock, unitOfWork, rootKey, provisionerUrl, homeId, redisUrl },
    region: 'eu-1',
    fieldKey: newFieldKey(),
  });
  await pool.replica.keeper.takeRecord(issuer.keyRecord('k1'));
  sweep = new RedisSweep(pool.replica.home, pool.redis, pool.homes, new JobRunner(clock, metrics), metrics);
});

afterAll(async () => {
  for (const prefix of [stranger, redisPrefix(homeId)]) await pool?.redis.dropKeys(prefix);
  redis?.disconnect();
  await pool?.close();
  await unitOfWork?.close();
  await database?.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

/** A home that has enrolled. */
async function enrolled(): Promise<{ id: string; prefix: string; redisUrl: string }> {
  const home = newDedicatedHome();
  await pool.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
  const answer = await pool.enrollment.enroll(home, home.token);
  return { id: home.homeId, prefix: redisPrefix(home.homeId), redisUrl: answer.redis.url };
}

/** A round, in as many runs as the keys of all suites beside this one take. */
async function round(): Promise<number> {
  metrics.registry.getSingleMetric('foreign_redis_keys')?.reset();
  for (let runs = 0; runs < 100; runs += 1) {
    await sweep.run();
    const [value] = (await metrics.registry.getSingleMetric('foreign_redis_keys')?.get())?.values ?? [];
    if (value && value.value > 0) return value.value;
  }
  return 0;
}

const keysOf = (prefix: string): Promise<string[]> => redis.keys(`${prefix}*`);

it('E17: the prefix of a home that was left goes with it, 500 delayed jobs and all, and so does what is written there later', async () => {
  const home = await enrolled();
  const queue = new Queue('billing', { connection: { url: home.redisUrl }, prefix: home.prefix.slice(0, -1) });
  const jobs = Array.from({ length: 500 }, (_, at) => ({ name: 'look', data: { at }, opts: { delay: 3_600_000 } }));
  await queue.addBulk(jobs);
  await queue.close();
  expect((await keysOf(home.prefix)).length).toBeGreaterThan(500);
  expect(await pool.homes.dropHome(home.id)).toBe(true);
  expect(await keysOf(home.prefix)).toEqual([]);

  await redis.set(`${home.prefix}billing:late`, '1');
  await redis.set(`${stranger}one`, '1');
  await round();
  expect(await keysOf(home.prefix)).toEqual([]);
});

it('E17: keys of a home that nobody here knows are counted and stay, and those of homes that are served are not looked at', async () => {
  const home = await enrolled();
  const own = redisPrefix(homeId);
  for (const prefix of [home.prefix, own]) await redis.set(`${prefix}kept`, '1');
  for (const name of ['one', 'two', 'three']) await redis.set(`${stranger}${name}`, '1');
  expect(await round()).toBeGreaterThanOrEqual(3);
  for (const prefix of [home.prefix, own]) expect(await keysOf(prefix)).toEqual([`${prefix}kept`]);
  expect(await keysOf(stranger)).toHaveLength(3);
  await pool.homes.dropHome(home.id);
});
