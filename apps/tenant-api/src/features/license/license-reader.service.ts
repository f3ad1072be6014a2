import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { groups, topics } from '@biplane/contracts';
import { mayServe } from '@biplane/license-gate';
import { BROKER, LicenseTopicReader, type Broker } from '@biplane/messaging';
import { HealthRegistry, IDS, JobRunner, type Ids } from '@biplane/service-kit';
import { LicenseKeeper } from './license-keeper.service.js';
import { HOME, type HomeIdentity } from './license.ports.js';

/** Reads the license topics from their beginning at every start, on every instance, and says when requests may come. */
@Injectable()
export class LicenseReader implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('LicenseReader');
  private readonly reader: LicenseTopicReader;
  private startedAtMs = 0;

  constructor(
    @Inject(HOME) home: HomeIdentity,
    @Inject(BROKER) broker: Broker,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(JobRunner) jobs: JobRunner,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(IDS) ids: Ids,
  ) {
    this.reader = new LicenseTopicReader({
      broker,
      // New at each start: the broker would make a restarted instance wait for the session of the killed one to end.
      groupId: groups.homeReader(home.region, `${home.instanceId}.${ids.uuid()}`),
      topics: [topics.keys, topics.issued(home.region)],
      onRecord: async (record) => this.keeper.takeRecord(record),
    });
    keeper.onAskedForAll(() => this.reader.ready);
    keeper.onReadAgain(() => void this.reader.reread());
    jobs.register({ name: 'license-keeping', everyMs: 1_000, run: () => this.keep() });
    health.addReadiness('licenses', () => this.assertReady());
    health.addLiveness('license-reader', () => this.reader.checkLiveness());
  }

  /** True while the broker answers and all that it had at the start has been read: false serves from the home database. */
  get isControlLinkUp(): boolean {
    return this.reader.ready;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.startedAtMs = performance.now();
    try {
      await this.keeper.load();
    } catch (error) {
      // Without its database the process is not ready anyway; the topics say the same, and more.
      this.logger.error({ err: error }, 'stored licenses could not be read');
    }
    this.reader.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.reader.stop();
    await this.keeper.save().catch((error: unknown) => this.logger.warn({ err: error }, 'licenses were not stored'));
  }

  whenRead(): Promise<void> {
    return this.reader.whenReady();
  }

  private async keep(): Promise<void> {
    this.keeper.tick();
    await this.keeper.save();
  }

  private assertReady(): void {
    const state = {
      hasReadAll: this.reader.ready,
      hasBrokerAnswered: this.reader.connected,
      runningMs: performance.now() - this.startedAtMs,
      licensesHeld: this.keeper.own().length,
    };
    if (!mayServe(state)) throw new Error('the license topics have not been read to their end');
  }
}
