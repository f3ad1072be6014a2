import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { CountChange, LimitKey } from '@biplane/limits';
import {
  lockConfirmations,
  UsageIntake,
  type HashedReading,
  type MeteredDeployment,
  type StoredEvent,
  type TakenEvents,
  type UsageAnswer,
} from '@biplane/metering';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, IDS, principalMayUseRegion, UnitOfWork, type Ids, type Principal, type Tx } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { PlatformEvents } from '../events/index.js';
import { PresentLicenses } from '../licenses/index.js';
import { LimitEngine } from '../limits/index.js';
import { CONTROL_HOME } from './control-home.js';
import { CLOSE_AFTER_MS } from './domain/completeness.js';
import { ControlUsageStore, type ClosedWindow } from './control-usage.store.js';

const CLOSE_MAX = 500;
/** Bindings to regions that are in use at once are far fewer; what is dropped is only made again. */
const INTAKES_MAX = 64;

/** Takes usage of the meters that core-api counts itself: what it answers as accepted is durable and counted, once. */
@Injectable()
export class ControlUsage {
  private readonly intakes = new Map<string, UsageIntake>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ControlUsageStore,
    private readonly licenses: PresentLicenses,
    private readonly deployments: DeploymentsService,
    private readonly platformEvents: PlatformEvents,
    private readonly limits: LimitEngine,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** For a client there are the deployments of its regions alone, and of its tenant when it is bound to one. */
  accept(body: unknown, principal: Principal): Promise<UsageAnswer> {
    return this.intakeOf(principal).accept(body, principal.tenantId);
  }

  /**
   * Stores what no one stored before, in the caller's transaction, and adds it to the counters of the limits: their rows
   * are there before the usage is, so that no count is missed or taken twice.
   */
  async take(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<ReadonlyMap<string, StoredEvent>> {
    const licenses = await this.licensesOf(tx, readings);
    const keysOf = ({ deploymentId, meter }: { deploymentId: string; meter: string }, at: Date): LimitKey[] => {
      const license = licenses.get(deploymentId);
      return license === undefined ? [] : this.limits.decider.keysOf(license, meter, at);
    };
    await this.limits.decider.counters.ensure(
      tx,
      readings.flatMap((reading) => keysOf(reading, reading.occurredAt)),
    );
    const { stored } = await this.write(tx, readings, now);
    // Event by event, as a counter is made: in some zones a day begins within a window.
    const fresh = readings.filter(({ key }) => !stored.has(key));
    const changes: CountChange[] = fresh.flatMap((reading) =>
      keysOf(reading, reading.occurredAt).map((key) => ({
        key,
        quantity: reading.quantity,
        at: reading.occurredAt,
      })),
    );
    await this.limits.decider.counters.add(tx, changes);
    const counted = new Map(
      fresh.map(({ deploymentId, meter }) => [`${deploymentId}|${meter}`, { deploymentId, meter }]),
    );
    // In one order: what is told of a threshold locks its counter.
    for (const [, { deploymentId, meter }] of [...counted].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const license = licenses.get(deploymentId);
      if (license !== undefined) await this.limits.decider.passed(tx, license, meter, now);
    }
    return stored;
  }

  /** Before a reservation is confirmed, which locks its counters: a batch of usage has the window locked when it comes to them. */
  async beforeConfirmed(tx: Tx, deploymentId: string, meter: string, windowStart: Date): Promise<void> {
    await lockConfirmations(tx, deploymentId, meter);
    await this.store.lockWindow(tx, deploymentId, meter, windowStart);
  }

  /** The same of usage that the counters hold already: what a reservation confirms. */
  async record(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<ReadonlyMap<string, StoredEvent>> {
    return (await this.write(tx, readings, now)).stored;
  }

  /** Closes the windows that are over, oldest deployments first, at most some hundreds a call; how many. */
  closeDue(now: Date): Promise<number> {
    const endedBefore = new Date(now.getTime() - CLOSE_AFTER_MS);
    return this.unitOfWork.run(async (tx) => {
      const open = await this.store.lockOpen(tx, endedBefore, CLOSE_MAX);
      if (open.length === 0) return 0;
      await this.store.markClosed(tx, open);
      await this.recordHistory(tx, open, now);
      return open.length;
    });
  }

  /** Sets right what a recount found wrong in a window: a further revision, told as every other. */
  async corrected(tx: Tx, window: ClosedWindow, now: Date): Promise<void> {
    await this.recordHistory(tx, [window], now);
  }

  private async write(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<TakenEvents> {
    const taken = await this.store.take(tx, readings, now);
    // Another replica's clock may be ahead by what a window waits for its close.
    const over = taken.additions.filter(({ window }) => window.to <= now);
    if (over.length > 0) {
      await this.recordHistory(
        tx,
        over.map(({ window, ...rest }) => ({ ...rest, windowStart: window.from })),
        now,
      );
    }
    return taken;
  }

  /** A close and each later revision: a row of the history, and one event for the outside. Open windows have neither. */
  private async recordHistory(tx: Tx, windows: readonly ClosedWindow[], now: Date): Promise<void> {
    const owners = await this.deployments.findMany(
      tx,
      windows.map(({ deploymentId }) => deploymentId),
    );
    const owned = windows.flatMap((window) => {
      const owner = owners.get(window.deploymentId);
      return owner === undefined ? [] : [{ ...window, tenantId: owner.tenantId, id: this.ids.uuid() }];
    });
    const aggregations = new Map(windows.map(({ meter, aggregation }) => [meter, aggregation]));
    for (const total of await this.store.recordClosed(tx, owned, now)) {
      const { tenantId, deploymentId, meter, windowStart, windowEnd, revision, quantity } = total;
      await this.platformEvents.emit(tx, {
        type: 'subscription.usage.recorded',
        tenantId,
        deploymentId,
        subject: deploymentId,
        time: now,
        data: {
          meter,
          aggregation: aggregations.get(meter) ?? 'sum',
          window: { from: windowStart.toISOString(), to: windowEnd.toISOString() },
          quantity,
          revision,
          plane: 'control',
          homeId: CONTROL_HOME,
        },
      });
    }
  }

  private async licensesOf(
    tx: Tx,
    of: readonly { readonly deploymentId: string }[],
  ): Promise<Map<string, LicenseClaims>> {
    const found = new Map<string, LicenseClaims>();
    for (const deploymentId of new Set(of.map((one) => one.deploymentId))) {
      const license = await this.licenses.of(tx, deploymentId);
      if (license?.claims) found.set(deploymentId, license.claims);
    }
    return found;
  }

  private intakeOf(principal: Principal): UsageIntake {
    const binding = principal.regions === null ? '*' : [...principal.regions].sort().join(',');
    const known = this.intakes.get(binding);
    if (known !== undefined) return known;
    if (this.intakes.size >= INTAKES_MAX) this.intakes.clear();
    const intake = new UsageIntake({
      plane: 'control',
      unitOfWork: this.unitOfWork,
      clock: this.clock,
      deploymentsOf: (subjects, tenantId) => this.deploymentsOf(subjects, principal, tenantId),
      take: (tx, readings, now) => this.take(tx, readings, now),
    });
    this.intakes.set(binding, intake);
    return intake;
  }

  // Looked up once a batch: all its events are judged by one version of each license.
  private async deploymentsOf(
    subjects: ReadonlySet<string>,
    bound: Pick<Principal, 'regions'>,
    tenantId: string | undefined,
  ): Promise<ReadonlyMap<string, MeteredDeployment>> {
    const found = new Map<string, MeteredDeployment>();
    const asked = [...subjects].map((deploymentId) => ({ deploymentId }));
    for (const [deploymentId, claims] of await this.licensesOf(this.unitOfWork.reader, asked)) {
      const isTheirs = tenantId === undefined || claims.sub === tenantId;
      if (isTheirs && principalMayUseRegion(bound as Principal, claims.deployment.region))
        found.set(deploymentId, claims);
    }
    return found;
  }
}
