import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Redis } from 'ioredis';
import { ENVIRONMENT, type TenantEnvironment } from './environment.js';

const CONNECT_MS = 3_000;

/** A queue whose Redis evicts keys loses jobs in silence. */
export class RedisPolicyError extends Error {
  override readonly name = 'RedisPolicyError';
}

/** The policy of this Redis; null when it does not tell (hosted ones may refuse CONFIG). Rejects when it cannot be reached. */
export async function redisPolicy(url: string): Promise<string | null> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Without a listener a refused connection would end the process; the call below fails anyway.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const answer = await redis.config('GET', 'maxmemory-policy').catch(() => null);
    const policy = Array.isArray(answer) ? (answer[1] as unknown) : null;
    return typeof policy === 'string' ? policy : null;
  } finally {
    redis.disconnect();
  }
}

export async function assertNoEviction(url: string): Promise<void> {
  const policy = await redisPolicy(url);
  if (policy !== null && policy !== 'noeviction') {
    throw new RedisPolicyError(`maxmemory-policy of Redis is ${policy}; queues need noeviction`);
  }
}

/** A wrong policy stops the start. A Redis that is away does not: no limit, license or charge lives there. */
@Injectable()
export class RedisCheck implements OnApplicationBootstrap {
  private readonly logger = new Logger('Redis');

  constructor(@Inject(ENVIRONMENT) private readonly environment: TenantEnvironment) {}

  async onApplicationBootstrap(): Promise<void> {
    try {
      await assertNoEviction(this.environment.REDIS_URL);
    } catch (error) {
      if (error instanceof RedisPolicyError) throw error;
      this.logger.warn({ err: error }, 'Redis does not answer; queues wait for it');
    }
  }
}
