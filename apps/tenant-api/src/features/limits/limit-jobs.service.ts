import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { CapOf, Decider } from '@biplane/limits';
import { CLOCK, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { DECIDER, LicenseKeeper } from '../license/index.js';
import type { KeptLicenses } from './limits.ports.js';
import { LimitEvents } from './limit-events.service.js';

const JOB_EVERY_MS = 1_000;
/** Of slices and reservations that end at once: how many transactions' worth are ended in one run. */
const ROUNDS_MAX = 20;

/** What time does to limits: slices and reservations end, tickets are let in, and what happened is told. */
@Injectable()
export class LimitJobs implements OnModuleInit {
  /** Which limits the license of a deployment named last, as far as this process has seen. */
  private readonly named = new Map<string, string>();
  private readonly fresh = new Map<string, ReadonlySet<string>>();

  constructor(
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(LicenseKeeper) private readonly keeper: KeptLicenses,
    @Inject(LimitEvents) private readonly events: LimitEvents,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.keeper.onChange((changed) => this.capsChanged(changed));
    this.jobs.register({ name: 'limits', everyMs: JOB_EVERY_MS, run: (now) => this.run(now) });
    this.jobs.register({ name: 'limit-events', everyMs: JOB_EVERY_MS, run: (now) => this.events.flush(now) });
  }

  async run(now: Date): Promise<void> {
    const { slices, reservations, tickets } = this.decider;
    await this.askRecounts(now);
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      // Of one transaction each: both lock counters in the one order, but one after the other they would not.
      const lost = await this.unitOfWork.run((tx) => slices.expire(tx, now));
      const expired = await this.unitOfWork.run((tx) => reservations.expire(tx, now));
      if (lost + expired.length === 0) break;
    }
    await tickets.admit(now, this.capOf(now));
  }

  /** What this process holds of a limit goes back when its cap is another. */
  private capsChanged(deploymentIds: readonly string[]): void {
    const now = this.clock.now();
    for (const deploymentId of deploymentIds) {
      const license = this.keeper.get(deploymentId)?.claims;
      if (license === undefined) continue;
      this.decider.licenseChanged(license, now);
      this.noteLimits(deploymentId, this.decider.newLimits.named(license));
    }
  }

  private noteLimits(deploymentId: string, named: string): void {
    const before = this.named.get(deploymentId);
    this.named.set(deploymentId, named);
    if (before === undefined) return;
    const added = this.decider.newLimits.added(before, named);
    if (added.length > 0) this.fresh.set(deploymentId, new Set([...(this.fresh.get(deploymentId) ?? []), ...added]));
  }

  /** What counters of new limits may lack is counted again by `features/metrics`. Kept until it is asked for. */
  private async askRecounts(now: Date): Promise<void> {
    const asked = [...this.fresh];
    if (asked.length === 0) return;
    await this.unitOfWork.run(async (tx) => {
      for (const [deploymentId, meters] of asked) await this.decider.newLimits.ask(tx, deploymentId, [...meters], now);
    });
    for (const [deploymentId, meters] of asked) {
      if (this.fresh.get(deploymentId) === meters) this.fresh.delete(deploymentId);
    }
  }

  /** By the license as it is now; while it admits nothing, its tickets wait. */
  private capOf(now: Date): CapOf {
    return (ticket) => {
      const license = this.keeper.get(ticket.deploymentId)?.claims;
      // While it is being moved nothing is let in: the home that it goes to does so.
      const deciding = license?.placement.phase === 'draining' ? undefined : license;
      return this.decider.ticketLimits(deciding ?? null, ticket, now);
    };
  }
}
