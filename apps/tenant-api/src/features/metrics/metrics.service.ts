import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { ConfirmedUsage, Decider } from '@biplane/limits';
import type { LicenseClaims } from '@biplane/licensing';
import {
  lockConfirmations,
  ownReading,
  UsageIntake,
  UsageIntakeErrors,
  WindowCutter,
  type MeteredDeployment,
  type UsageAnswer,
} from '@biplane/metering';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { DECIDER, draining, isHeld, moved, refuseDraining, TenantLicenseService } from '../license/index.js';
import { LimitedUsage } from './limited-usage.js';
import type { MeteredLicenses } from './metrics.ports.js';
import { lockWindow } from './metrics.store.js';

const RESERVATIONS = 'biplane:reservations';
const LEVELS = 'biplane:levels';

export interface LevelReading {
  readonly meter: string;
  /** Decimal string. */
  readonly level: string;
  readonly at: Date;
}

/** An item that is refused is not sent again: what is not known yet is no reason to refuse it. */
function unread(): RefusalError {
  const detail = 'A deployment of this request is not known here yet: nothing of the request was taken';
  return new RefusalError(UsageIntakeErrors.LICENSES_UNREAD({ detail, retryAfterSeconds: 1 }));
}

/** Takes usage of the deployments that this home serves: what it answers as accepted is durable and counted, once. */
@Injectable()
export class MetricsService {
  private readonly intake: UsageIntake;
  private readonly usage: LimitedUsage;
  private readonly cutter = new WindowCutter();

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) clock: Clock,
    @Inject(DECIDER) decider: Decider,
  ) {
    this.usage = new LimitedUsage(decider, licenses);
    this.intake = new UsageIntake({
      plane: 'data',
      unitOfWork,
      clock,
      deploymentsOf: async (subjects, tenantId) => this.licensesOf(subjects, tenantId),
      take: (tx, readings, now) => this.usage.take(tx, readings, now),
    });
  }

  /** `tenantId`: a submitter that is bound to one tenant; for it there are no other deployments. */
  async accept(body: unknown, tenantId?: string): Promise<UsageAnswer> {
    try {
      return await this.intake.accept(body, tenantId);
    } catch (error) {
      // This process goes by an older license than the database does.
      throw isHeld(error) ? draining() : error;
    }
  }

  /** Before a reservation is confirmed, which locks its counters: a batch of usage has the window locked when it comes to them. */
  async beforeConfirmed(
    tx: Tx,
    { calendar }: LicenseClaims,
    { deploymentId, meter }: { readonly deploymentId: string; readonly meter: string },
    countsAt: Date,
  ): Promise<void> {
    await lockConfirmations(tx, deploymentId, meter);
    await lockWindow(tx, deploymentId, meter, this.cutter.windowOf(countsAt, calendar.timeZone));
  }

  /** What a confirmation of a reservation has used: the limits know of it, the windows do not yet. In its transaction. */
  async takeConfirmed(tx: Tx, license: LicenseClaims, confirmed: ConfirmedUsage, now: Date): Promise<void> {
    const { reservation, eventId, quantity, at } = confirmed;
    const { deploymentId, meter, aggregation } = reservation;
    const usage = { deploymentId, source: RESERVATIONS, eventId, meter, aggregation, quantity, at };
    await this.usage.takeCounted(tx, license, ownReading(usage, license, this.cutter), now);
  }

  /** The level of a tenant's records at an instant: a reading, as one that is submitted. Told twice it counts once. */
  async takeLevel(license: LicenseClaims, { meter, level, at }: LevelReading): Promise<void> {
    const metered = license.meters[meter];
    if (metered === undefined) return;
    const deploymentId = license.deployment.id;
    const eventId = `${meter}:${at.toISOString()}:${level}`;
    const { aggregation } = metered;
    const usage = { deploymentId, source: LEVELS, eventId, meter, aggregation, quantity: level, at };
    const reading = ownReading(usage, license, this.cutter);
    await this.unitOfWork.run((tx) => this.usage.take(tx, [reading], at));
  }

  // Looked up once a batch: all its events are judged by one version of each license.
  private licensesOf(subjects: ReadonlySet<string>, tenantId: string | undefined): Map<string, MeteredDeployment> {
    const found = new Map<string, MeteredDeployment>();
    const elsewhere: LicenseClaims[] = [];
    for (const subject of subjects) {
      const license = this.licenses.ownLicenseOf(subject);
      const known = license ?? this.licenses.licenseOf?.(subject);
      if (!known && this.licenses.holdsAll?.() === false) throw unread();
      if (!known || (tenantId !== undefined && known.sub !== tenantId)) continue;
      if (license) found.set(subject, license);
      else elsewhere.push(known);
      // An item that is refused is not sent again: a batch is taken as a whole once the move is over.
      if (license) refuseDraining(license);
    }
    if (elsewhere.length > 0) throw moved(elsewhere);
    return found;
  }
}
