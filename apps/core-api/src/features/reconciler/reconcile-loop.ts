import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, JobRunner, type Ids } from '@biplane/service-kit';
import { WantedHomes, type ReconcileClaim } from '../homes/index.js';
import { HomeReconciler } from './home-reconciler.js';
import { LEASE_MS } from './lease.js';
import { RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

const EVERY_MS = 250;
/** Homes that this process looks at at once. */
const IN_FLIGHT_MAX = 8;
/** What is still running then is given up: its lease ends by itself. */
const STOPPING_MS_MAX = 20_000;

/** Takes homes from the queue and has them looked at. One that hangs holds up no other. */
@Injectable()
export class ReconcileLoop implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Reconciler');
  private readonly inFlight = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private claimedAt = performance.now();
  /** The last time as many were due as there was room for. */
  private isMoreDue = false;
  private isClaiming = false;

  constructor(
    private readonly jobs: JobRunner,
    private readonly homes: WantedHomes,
    private readonly reconciler: HomeReconciler,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'reconcile-homes', everyMs: EVERY_MS, run: (now) => this.start(now) });
  }

  /** Seconds since the queue was last asked: a loop that stands still is not alive. */
  get idleSeconds(): number {
    return (performance.now() - this.claimedAt) / 1000;
  }

  /** Looks end between two calls to the cluster, and their homes are given back. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOPPING_MS_MAX)));
    await Promise.race([this.drained(), late]);
    clearTimeout(timer);
  }

  private async drained(): Promise<void> {
    while (this.inFlight.size > 0 || this.isClaiming) {
      await Promise.all(this.inFlight);
      if (this.isClaiming) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async start(now: Date): Promise<void> {
    this.claimedAt = performance.now();
    const take = IN_FLIGHT_MAX - this.inFlight.size;
    if (take <= 0 || this.isClaiming || this.stopping.signal.aborted) return;
    const { regions } = this.settings;
    this.isClaiming = true;
    try {
      const claims = await this.homes.claim(now, { regions, take, leaseMs: LEASE_MS, holder: this.ids.uuid() });
      this.isMoreDue = claims.length === take;
      if (claims.length > 0) faultPoint('reconcile.after_claim');
      for (const claim of claims) this.begin(claim);
    } finally {
      this.isClaiming = false;
    }
  }

  /** A long queue is not asked four times a second alone, but whenever there is room. */
  private async next(): Promise<void> {
    await this.start(this.clock.now()).catch((error: unknown) =>
      this.logger.error({ err: error }, 'the queue cannot be asked'),
    );
  }

  private begin(claim: ReconcileClaim): void {
    const look: Promise<void> = this.reconciler
      .look(claim, this.stopping.signal)
      .catch((error: unknown) => this.logger.error({ err: error, homeId: claim.homeId }, 'a look was not recorded'))
      .finally(() => this.inFlight.delete(look))
      .then(() => (this.isMoreDue ? this.next() : undefined));
    this.inFlight.add(look);
  }
}
