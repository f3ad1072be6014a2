import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { homeRoleNames } from '@biplane/licensing';
import { redisPrefix } from '../../redis-prefix.js';
import { REGION_PARTS, type RegionParts } from './enrollment.ports.js';
import { EnrollmentMetrics } from './enrollment.metrics.js';

const CONNECT_MS = 3_000;
const SCAN_COUNT = 500;
/** A server that does not let us make users says one of these; everything else is trouble that passes. */
const NOT_PERMITTED = /^(NOPERM|ERR unknown (sub)?command)/;

/** Of all keys and channels those of the prefix; of all commands none that shows or touches what others have. */
const RIGHTS = [
  '+@all',
  '-@admin',
  '-@dangerous',
  '+info',
  '-scan',
  '-randomkey',
  '-dbsize',
  '-script|flush',
  '-function',
  '-pubsub',
];

export interface RedisLogin {
  readonly url: string;
  readonly isConfined: boolean;
}

/** Users of the region's Redis, one a dedicated home, each confined to its prefix. */
@Injectable()
export class RedisHomes implements BeforeApplicationShutdown {
  private readonly logger = new Logger('RedisHomes');
  private client: Redis | null = null;

  constructor(
    @Inject(REGION_PARTS) private readonly parts: RegionParts,
    @Inject(EnrollmentMetrics) private readonly metrics: EnrollmentMetrics,
  ) {}

  /** E18: the login reaches no other home's keys. Where the server makes no users for us, the region's own login, and a warning. */
  async ensureUser(homeId: string, password: string): Promise<RedisLogin> {
    const user = homeRoleNames(homeId).runtime;
    const prefix = redisPrefix(homeId);
    // The hash, so that no password stands in a MONITOR or an ACL LOG.
    const hash = createHash('sha256').update(password).digest('hex');
    try {
      await this.redis().call(
        'ACL',
        'SETUSER',
        user,
        'reset',
        'on',
        `#${hash}`,
        `~${prefix}*`,
        `&${prefix}*`,
        ...RIGHTS,
      );
    } catch (error) {
      if (!NOT_PERMITTED.test(messageOf(error))) throw error;
      this.metrics.redisUnconfined(homeId);
      this.logger.warn({ homeId }, 'Redis lets this pool make no users: the home gets the login of the region');
      return { url: this.parts.redisUrl, isConfined: false };
    }
    const url = new URL(this.parts.redisUrl);
    url.username = user;
    url.password = password;
    return { url: url.toString(), isConfined: true };
  }

  /** A server that was started anew has forgotten its users. */
  async hasUser(homeId: string): Promise<boolean> {
    return (await this.redis().call('ACL', 'GETUSER', homeRoleNames(homeId).runtime)) !== null;
  }

  async dropUser(homeId: string): Promise<void> {
    try {
      await this.redis().call('ACL', 'DELUSER', homeRoleNames(homeId).runtime);
    } catch (error) {
      if (!NOT_PERMITTED.test(messageOf(error))) throw error;
    }
  }

  /** Every key under the prefix, some at a time. Returns how many. */
  async dropKeys(prefix: string): Promise<number> {
    let [cursor, dropped] = ['0', 0];
    do {
      const [next, keys] = await this.redis().scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', SCAN_COUNT);
      const gone = keys.length > 0 ? await this.redis().unlink(...keys) : 0;
      dropped += gone;
      cursor = next;
    } while (cursor !== '0');
    return dropped;
  }

  /** Some keys of all homes, and where to go on; `0` begins, and ends. */
  async somePlatformKeys(cursor: string): Promise<{ next: string; keys: string[] }> {
    const [next, keys] = await this.redis().scan(cursor, 'MATCH', 'bp:*', 'COUNT', SCAN_COUNT);
    return { next, keys };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.client?.disconnect();
    this.client = null;
  }

  private redis(): Redis {
    this.client ??= this.connect();
    return this.client;
  }

  private connect(): Redis {
    const redis = new Redis(this.parts.redisUrl, {
      connectTimeout: CONNECT_MS,
      commandTimeout: CONNECT_MS,
      maxRetriesPerRequest: 0,
      lazyConnect: false,
    });
    // Without a listener a refused connection would end the process; the call that waits for it fails anyway.
    redis.on('error', () => undefined);
    return redis;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
