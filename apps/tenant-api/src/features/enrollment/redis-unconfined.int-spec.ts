import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { homeRoleNames } from '@biplane/licensing';
import { Metrics } from '@biplane/service-kit';
import { requiredVariable } from '@biplane/testing';
import { Redis } from 'ioredis';
import { EnrollmentMetrics } from './enrollment.metrics.js';
import type { RegionParts } from './enrollment.ports.js';
import { RedisHomes } from './redis-homes.js';

const superUrl = requiredVariable('TEST_REDIS_URL');
const user = `pool-${randomUUID()}`;
const password = randomUUID();
const homes = [randomUUID(), randomUUID()];
const metrics = new Metrics();

let redis: Redis;
let login: string;

beforeAll(async () => {
  redis = new Redis(superUrl);
  // As a server that is bought: all keys, and no users to be made.
  await redis.call('ACL', 'SETUSER', user, 'on', `>${password}`, '~*', '&*', '+@all', '-acl');
  const url = new URL(superUrl);
  [url.username, url.password] = [user, password];
  login = url.toString();
});
afterAll(async () => {
  await redis.call('ACL', 'DELUSER', user);
  redis.disconnect();
});

it('homes of a Redis that makes no users get the login of the region, and homes_redis_unconfined counts each once', async () => {
  const pool = new RedisHomes({ redisUrl: login } as RegionParts, new EnrollmentMetrics(metrics));
  const unconfined = async () =>
    (await metrics.registry.getSingleMetric('homes_redis_unconfined')!.get()).values[0]?.value;
  expect(await unconfined()).toBe(0);
  for (const homeId of [...homes, homes[0]!]) {
    expect(await pool.ensureUser(homeId, randomUUID())).toEqual({ url: login, isConfined: false });
  }
  expect(await unconfined()).toBe(2);
  for (const homeId of homes) {
    expect(await redis.call('ACL', 'GETUSER', homeRoleNames(homeId).runtime)).toBeNull();
    await pool.dropUser(homeId);
  }
  await pool.beforeApplicationShutdown();

  const confined = new Metrics();
  const region = new RedisHomes({ redisUrl: superUrl } as RegionParts, new EnrollmentMetrics(confined));
  expect(await region.ensureUser(homes[0]!, randomUUID())).toMatchObject({ isConfined: true });
  await region.dropUser(homes[0]!);
  await region.beforeApplicationShutdown();
  expect((await confined.registry.getSingleMetric('homes_redis_unconfined')!.get()).values[0]?.value).toBe(0);
});
