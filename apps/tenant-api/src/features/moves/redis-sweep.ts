import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, Metrics } from '@biplane/service-kit';
import { Gauge } from 'prom-client';
import { redisPrefix } from '../../redis-prefix.js';
import { RedisHomes, RegionHomes } from '../enrollment/index.js';
import { HOME, type HomeIdentity } from '../license/index.js';
import { KeyOwners } from './domain/key-owners.js';

const EVERY_MS = 60_000;
/** Of some hundred keys each: a Redis with more is gone through in several runs. */
const SCANS_MAX = 40;
const NAMED_MAX = 10;

/**
 * Looks at the keys of the region's Redis: what a home that was dropped left under its prefix, or wrote late, goes; what nobody here
 * knows is told, and left alone.
 */
@Injectable()
export class RedisSweep implements OnModuleInit {
  private readonly logger = new Logger('RedisSweep');
  private readonly gauge: Gauge;
  private cursor = '0';
  private owners: KeyOwners | null = null;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(RedisHomes) private readonly redis: RedisHomes,
    @Inject(RegionHomes) private readonly homes: RegionHomes,
    @Inject(JobRunner) private readonly jobs: JobRunner,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.gauge = new Gauge({
      name: 'foreign_redis_keys',
      help: "Keys under bp: in the region's Redis that belong to no home of this region",
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.jobs.register({ name: 'redis-sweep', everyMs: EVERY_MS, run: () => this.run() });
  }

  /** Goes on where the last run stopped; a round that is through is told. */
  async run(): Promise<void> {
    this.owners ??= await this.begin();
    for (let scans = 0; scans < SCANS_MAX; scans += 1) {
      const { next, keys } = await this.redis.somePlatformKeys(this.cursor);
      this.owners.add(keys);
      this.cursor = next;
      if (next === '0') return this.end(this.owners);
    }
  }

  private async begin(): Promise<KeyOwners> {
    const known = await this.homes.known();
    const of = (homes: typeof known): Set<string> => new Set(homes.map(({ homeId }) => redisPrefix(homeId)));
    const serving = of(known.filter(({ isDropped }) => !isDropped)).add(redisPrefix(this.home.homeId));
    return new KeyOwners(serving, of(known.filter(({ isDropped }) => isDropped)));
  }

  private async end(owners: KeyOwners): Promise<void> {
    this.owners = null;
    this.gauge.set(owners.foreignKeys);
    if (owners.foreignKeys > 0) {
      const prefixes = Object.fromEntries([...owners.foreign].slice(0, NAMED_MAX));
      this.logger.warn({ keys: owners.foreignKeys, prefixes }, 'keys that belong to no home of this region');
    }
    for (const prefix of owners.ofDropped) {
      const keys = await this.redis.dropKeys(prefix);
      this.logger.warn({ prefix, keys }, 'keys of a home that was dropped are gone');
    }
  }
}
