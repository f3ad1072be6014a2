import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { standingHomes } from './enrolled-home.store.js';
import { HomeSecrets } from './home-secrets.js';
import { RedisHomes } from './redis-homes.js';

const EVERY_MS = 60_000;

/** Users that a Redis forgot, started anew, are made again before their homes ask. */
@Injectable()
export class EnrollmentJobs implements OnModuleInit {
  private readonly logger = new Logger('EnrollmentJobs');

  constructor(
    @Inject(RedisHomes) private readonly redis: RedisHomes,
    @Inject(HomeSecrets) private readonly secrets: HomeSecrets,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'enrolled-redis-users', everyMs: EVERY_MS, run: () => this.ensureUsers() });
  }

  async ensureUsers(): Promise<void> {
    for (const row of await standingHomes(this.unitOfWork.reader)) {
      if (row.state !== 'enrolled') continue;
      try {
        if (!(await this.redis.hasUser(row.homeId)))
          await this.redis.ensureUser(row.homeId, this.secrets.openRedis(row));
      } catch (error) {
        this.logger.warn({ err: error, homeId: row.homeId }, 'the Redis user of a home was not looked after');
        return;
      }
    }
  }
}
