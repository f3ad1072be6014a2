import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { TicketErrors, type CapOf, type Ticket } from '@biplane/limits';
import { CLOCK, JobRunner, principalMayServe, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { PlatformEvents } from '../events/index.js';
import { PresentLicenses } from '../licenses/index.js';
import { LimitEngine } from '../limits/index.js';

/** Requests that wait for room: read, given up, and let in by a job in the order in which they came. */
@Injectable()
export class TicketsService implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: JobRunner,
    private readonly limits: LimitEngine,
    private readonly licenses: PresentLicenses,
    private readonly events: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'limit-tickets', everyMs: 1_000, run: (now) => this.admit(now) });
  }

  /** 404 for another tenant's too. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<Ticket> {
    const ticket = await this.limits.decider.tickets.get(tx, id);
    const license = ticket ? await this.licenses.of(tx, ticket.deploymentId) : null;
    if (ticket && license && principalMayServe(principal, license.tenantId)) return ticket;
    throw new RefusalError(TicketErrors.NOT_FOUND({ detail: `There is no ticket ${id}` }));
  }

  cancel(id: string, principal: Principal): Promise<Ticket> {
    return this.unitOfWork.run(async (tx) => {
      await this.readable(tx, id, principal);
      return this.limits.decider.tickets.cancel(tx, id, this.clock.now());
    });
  }

  /**
   * Whatever made room, a new period, a higher cap or a release, is found by looking each second. The first look says whose
   * licenses are needed; it is done again while it meets new ones, and changes nothing twice.
   */
  async admit(now: Date): Promise<void> {
    const held = new Map<string, LicenseClaims | null>();
    for (;;) {
      const missing = new Set<string>();
      const capOf: CapOf = (ticket) => {
        const claims = held.get(ticket.deploymentId);
        if (claims === undefined) missing.add(ticket.deploymentId);
        // Without a license in force nothing is let in; the ticket keeps its place.
        return this.limits.decider.ticketLimits(claims ?? null, ticket, now);
      };
      await this.limits.decider.tickets.admit(now, capOf, async (tx, ticket) => {
        if (ticket.state === 'admitted') await this.tell(tx, ticket, held, now);
      });
      if (missing.size === 0) return;
      for (const deploymentId of missing) {
        const license = await this.licenses.of(this.unitOfWork.reader, deploymentId);
        held.set(deploymentId, license?.claims ?? null);
      }
    }
  }

  private async tell(
    tx: Tx,
    ticket: Ticket,
    held: ReadonlyMap<string, LicenseClaims | null>,
    now: Date,
  ): Promise<void> {
    const { id, deploymentId, meter, quantity, reservationId, createdAt, expiresAt } = ticket;
    const tenantId = held.get(deploymentId)?.sub;
    if (tenantId === undefined || reservationId === null || expiresAt === null) {
      throw new Error(`The ticket ${id} was let in without a license or a reservation`);
    }
    await this.events.emit(tx, {
      type: 'subscription.ticket.admitted',
      tenantId,
      deploymentId,
      subject: deploymentId,
      id,
      time: now,
      data: {
        ...{ ticketId: id, meter, quantity, reservationId },
        queuedAt: createdAt.toISOString(),
        admittedAt: now.toISOString(),
        expiresAt: expiresAt.toISOString(),
      },
    });
  }
}
