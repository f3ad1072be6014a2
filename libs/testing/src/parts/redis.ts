import { randomBytes } from 'node:crypto';
import { requiredVariable } from '../test-environment.js';

export interface TestRedis {
  readonly url: string;
  /** Random: two suites on one server never see each other's keys. */
  readonly prefix: string;
}

export function testRedis(): TestRedis {
  return { url: requiredVariable('TEST_REDIS_URL'), prefix: `test:${randomBytes(6).toString('hex')}:` };
}
