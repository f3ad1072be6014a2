import type { Clock } from '@biplane/kernel';
import type { ReconcileClaim, WantedHomes } from '../homes/index.js';

/** Longer than one call to the cluster can take with its retries; what a killed process held is free again after it. */
export const LEASE_MS = 60_000;
const RENEW_AFTER_MS = 15_000;

/** The look ends here: another has the home, or this process is asked to end. */
export class Interrupted extends Error {}

/** The right to write for a home, asked for before each write: a process that stood still for a minute has lost it. */
export class Lease {
  private renewedAt: number;
  private lost = false;

  constructor(
    private readonly homes: WantedHomes,
    private readonly claim: ReconcileClaim,
    private readonly clock: Clock,
    private readonly stopping: AbortSignal,
  ) {
    this.renewedAt = clock.now().getTime();
  }

  get isLost(): boolean {
    return this.lost;
  }

  /** Throws `Interrupted` when another has it, or when this process is asked to end. */
  async hold(): Promise<void> {
    if (this.stopping.aborted || this.lost) throw new Interrupted();
    const now = this.clock.now().getTime();
    if (now - this.renewedAt < RENEW_AFTER_MS) return;
    this.lost = !(await this.homes.renew(this.claim, new Date(now + LEASE_MS)));
    if (this.lost) throw new Interrupted();
    this.renewedAt = now;
  }
}
