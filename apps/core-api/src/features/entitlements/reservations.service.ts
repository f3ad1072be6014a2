import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { ConfirmedUsage, LimitKey, Reservation } from '@biplane/limits';
import { ReservationErrors } from '@biplane/limits';
import { ownReading, WindowCutter } from '@biplane/metering';
import { CLOCK, principalMayServe, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { PresentLicenses, type PresentLicense } from '../licenses/index.js';
import { LimitEngine } from '../limits/index.js';
import { ControlUsage } from '../usage/index.js';
import { EntitlementErrors } from './entitlements.errors.js';

/** Events of confirmed reservations come from here, whoever confirms. */
const SOURCE = '/control/reservations';

/** What was held becomes usage, or is free again. */
@Injectable()
export class ReservationsService {
  private readonly cutter = new WindowCutter();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: LimitEngine,
    private readonly licenses: PresentLicenses,
    private readonly usage: ControlUsage,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async readable(tx: Tx, id: string, principal: Principal): Promise<Reservation> {
    return (await this.owned(tx, id, principal)).reservation;
  }

  /** Counts once, however often it is confirmed: the usage event has an id of the reservation's. */
  confirm(id: string, principal: Principal): Promise<Reservation> {
    return this.unitOfWork.run(async (tx) => {
      const { reservation, license } = await this.owned(tx, id, principal);
      const now = this.clock.now();
      const { decider } = this.limits;
      const { claims } = license;
      const { deploymentId, meter } = reservation;
      // Of the window in which it counts: that of the reservation, which may be over by now.
      const countsAt = await decider.reservations.countsAt(tx, id, now);
      const window = this.cutter.windowOf(countsAt, claims?.calendar.timeZone ?? 'UTC');
      await this.usage.beforeConfirmed(tx, deploymentId, meter, window.from);
      const keysOf = (at: Date): LimitKey[] => (claims ? decider.keysOf(claims, meter, at) : []);
      const confirmed = await decider.reservations.confirm(tx, id, now, keysOf);
      if (confirmed.isNew) await this.count(tx, confirmed, license, now);
      return confirmed.reservation;
    });
  }

  release(id: string, principal: Principal): Promise<Reservation> {
    return this.unitOfWork.run(async (tx) => {
      await this.owned(tx, id, principal);
      return this.limits.decider.reservations.release(tx, id, this.clock.now());
    });
  }

  /** The counters have it already; the log and its windows get it here, in the same transaction. */
  private async count(tx: Tx, confirmed: ConfirmedUsage, license: PresentLicense, now: Date): Promise<void> {
    const { claims } = license;
    // Usage is taken whatever the license says; one that cannot be verified says in whose calendar no longer.
    if (claims === null) {
      const detail = `The license of ${license.deploymentId} cannot be verified before it is signed anew`;
      throw new RefusalError(EntitlementErrors.UNAVAILABLE({ detail, retryAfterSeconds: 2 }));
    }
    const { deploymentId, meter, aggregation } = confirmed.reservation;
    const { eventId, quantity, at } = confirmed;
    const usage = { deploymentId, source: SOURCE, eventId, meter, aggregation, quantity, at };
    await this.usage.record(tx, [ownReading(usage, claims, this.cutter)], now);
    await this.limits.decider.passed(tx, claims, meter, now);
  }

  /** 404 for another tenant's too. */
  private async owned(
    tx: Tx,
    id: string,
    principal: Principal,
  ): Promise<{ reservation: Reservation; license: PresentLicense }> {
    const reservation = await this.limits.decider.reservations.get(tx, id);
    const license = reservation ? await this.licenses.of(tx, reservation.deploymentId) : null;
    if (reservation && license && principalMayServe(principal, license.tenantId)) return { reservation, license };
    throw new RefusalError(ReservationErrors.NOT_FOUND({ detail: `There is no reservation ${id}` }));
  }
}
