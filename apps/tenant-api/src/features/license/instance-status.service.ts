import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { licensesDigest, topics, type InstanceStatus } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids } from '@biplane/service-kit';
import { ChangedLicenses, isStatusDue, licenseLines, STATUS_AFTER_CHANGE_MS } from './domain/instance-status.js';
import { LicenseKeeper } from './license-keeper.service.js';
import { HOME, type HomeIdentity } from './license.ports.js';
import { newestMigration } from './license.store.js';

/** Tells core-api what this instance enforces: every 30 s, and within 250 ms of a change, several changes together. */
@Injectable()
export class InstanceStatusReporter implements BeforeApplicationShutdown {
  private readonly logger = new Logger('InstanceStatus');
  private readonly changed = new ChangedLicenses();
  private lastAt: Date | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();
  private schemaVersion: string | null = null;
  private isDraining = false;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(JobRunner) jobs: JobRunner,
  ) {
    keeper.onChange((deploymentIds) => this.note(deploymentIds));
    keeper.onKeysChange(() => this.soon());
    jobs.register({ name: 'instance-status', everyMs: 1_000, run: (now) => this.tick(now) });
  }

  /** One more, so that core-api stops waiting for this instance; the relay flushes after it. */
  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.isDraining = true;
    await this.send().catch((error: unknown) => this.logger.warn({ err: error }, 'the last status was not stored'));
  }

  private note(deploymentIds: readonly string[]): void {
    for (const deploymentId of deploymentIds) {
      const license = this.keeper.get(deploymentId);
      if (license && this.keeper.isOwn(license)) this.changed.note(deploymentId, license.version);
    }
    this.soon();
  }

  private soon(): void {
    if (this.isDraining) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.send().catch((error: unknown) => this.logger.warn({ err: error }, 'a status was not stored'));
    }, STATUS_AFTER_CHANGE_MS);
    this.timer.unref();
  }

  private async tick(now: Date): Promise<void> {
    if (isStatusDue(this.lastAt, now) || !this.changed.isEmpty) await this.send();
  }

  /** One at a time; what could not be stored goes with the next. */
  private send(): Promise<void> {
    const mine = this.sending.then(() => this.sendOne());
    this.sending = mine.catch(() => undefined);
    return mine;
  }

  private async sendOne(): Promise<void> {
    this.schemaVersion ??= await newestMigration(this.unitOfWork.reader);
    const applied = this.changed.take();
    const at = this.clock.now();
    const { homeId, region, instanceId } = this.home;
    const record = eventRecord('InstanceStatus', {
      topic: topics.applied(region),
      key: instanceId,
      id: this.ids.uuid(),
      source: `home:${homeId}`,
      subject: instanceId,
      time: at,
      data: this.statusAt(at, applied),
    });
    try {
      await this.unitOfWork.run((tx) => this.outbox.add(tx, record));
      this.lastAt = at;
    } catch (error) {
      this.changed.putBack(applied);
      throw error;
    }
  }

  private statusAt(at: Date, applied: InstanceStatus['applied']): InstanceStatus {
    const own = this.keeper.own();
    return {
      instanceId: this.home.instanceId,
      homeId: this.home.homeId,
      region: this.home.region,
      kids: this.keeper.trustedKids().slice(0, 100),
      applied,
      licensesDigest: licensesDigest(licenseLines(own)),
      licenseCount: own.length,
      refused: this.keeper.refused,
      schemaVersion: this.schemaVersion,
      draining: this.isDraining,
      at: at.toISOString(),
    };
  }
}
