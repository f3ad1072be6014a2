import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { EnvironmentError, schemaDrift } from '@biplane/service-kit';
import { requiredVariable, testPostgres } from '@biplane/testing';
import { checkEnvironment, redisPrefix, type TenantEnvironment } from './environment.js';
import { assertNoEviction, RedisPolicyError } from './redis-check.js';

const homeId = randomUUID();
const environment = { HOME_ID: homeId, REGION: 'eu-1', REDIS_PREFIX: redisPrefix(homeId) } as TenantEnvironment;

describe('the environment', () => {
  it.each([
    ['empty', ''],
    ['without a home', 'bp:'],
    ["another home's", redisPrefix(randomUUID())],
    ['nested', `${redisPrefix(homeId)}x:`],
  ])('REDIS_PREFIX that is %s stops the start', (_why, prefix) => {
    const start = (): void => checkEnvironment({ ...environment, REDIS_PREFIX: prefix });
    expect(start).toThrow(EnvironmentError);
    expect(start).toThrow('REDIS_PREFIX');
  });

  it('the prefix of the own home is accepted', () => {
    expect(() => checkEnvironment(environment)).not.toThrow();
  });
});

describe('Redis', () => {
  it('one that never evicts is accepted, and one that is away is told apart from one that evicts', async () => {
    await expect(assertNoEviction(requiredVariable('TEST_REDIS_URL'))).resolves.toBeUndefined();
    const away = assertNoEviction('redis://127.0.0.1:1').catch((error: unknown) => error);
    expect(await away).not.toBeInstanceOf(RedisPolicyError);
  });
});

describe('migrations', () => {
  it.each(['home', 'tenant'] as const)('those of the %s database equal its schema', async (name) => {
    const database = await testPostgres(name);
    try {
      const schemaFolder = fileURLToPath(new URL(`../../../prisma/${name}/schema`, import.meta.url));
      expect(await schemaDrift({ url: database.url, schemaFolder })).toBeNull();
    } finally {
      await database.drop();
    }
  });
});
