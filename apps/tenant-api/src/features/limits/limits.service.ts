import { Inject, Injectable } from '@nestjs/common';
import { orThrow, err, ok, RefusalError, type Clock, type Result } from '@biplane/kernel';
import {
  ReservationErrors,
  TicketErrors,
  type Decider,
  type LimitKey,
  type Reservation,
  type Ticket,
} from '@biplane/limits';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { DECIDER, mayActFor, refuseDraining, TenantLicenseService } from '../license/index.js';
import { MetricsService } from '../metrics/index.js';

/** What a Decision has given out: reservations and tickets. Another tenant's look like none. */
@Injectable()
export class LimitsService {
  constructor(
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(MetricsService) private readonly usage: MetricsService,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What was held is used: counted, and stored as usage, once. */
  confirm(id: string, principal: Principal): Promise<Reservation> {
    const now = this.clock.now();
    return this.unitOfWork.run(async (tx) => {
      const { license, reservation } = orThrow(await this.owned(tx, id, principal));
      const { reservations } = this.decider;
      // Of the window in which it counts: that of the reservation, which may be over by now.
      await this.usage.beforeConfirmed(tx, license, reservation, await reservations.countsAt(tx, id, now));
      const keysOf = (at: Date): LimitKey[] => this.decider.keysOf(license, reservation.meter, at);
      const confirmed = await reservations.confirm(tx, id, now, keysOf);
      if (confirmed.isNew) await this.usage.takeConfirmed(tx, license, confirmed, now);
      return confirmed.reservation;
    });
  }

  /** What was held is free again. */
  release(id: string, principal: Principal): Promise<Reservation> {
    return this.unitOfWork.run(async (tx) => {
      orThrow(await this.owned(tx, id, principal));
      return this.decider.reservations.release(tx, id, this.clock.now());
    });
  }

  async ticket(id: string, principal: Principal): Promise<Ticket> {
    const ticket = await this.decider.tickets.get(this.unitOfWork.reader, id);
    if (ticket !== undefined && this.licenseFor(ticket.deploymentId, principal) !== undefined) return ticket;
    throw new RefusalError(TicketErrors.NOT_FOUND({ detail: `There is no ticket ${id}` }));
  }

  private async owned(
    tx: Tx,
    id: string,
    principal: Principal,
  ): Promise<Result<{ readonly license: LicenseClaims; readonly reservation: Reservation }>> {
    const reservation = await this.decider.reservations.get(tx, id);
    const license = reservation && this.licenseFor(reservation.deploymentId, principal);
    refuseDraining(license);
    return license
      ? ok({ license, reservation })
      : err(ReservationErrors.NOT_FOUND({ detail: `There is no reservation ${id}` }));
  }

  private licenseFor(deploymentId: string, principal: Principal): LicenseClaims | undefined {
    const license = this.licenses.licenseOf(deploymentId);
    return license && mayActFor(principal, license) ? license : undefined;
  }
}
