import { err, ok, RefusalError, type Result } from '@biplane/kernel';
import type { MeterAggregation } from '@biplane/licensing';
import type { Ids, Tx } from '@biplane/service-kit';
import { unitsOf } from './domain/units.js';
import { QueueErrors, TicketErrors } from './limits.errors.js';
import type { Hold, Reservations } from './reservations.js';
import {
  countWaiting,
  endWaiting,
  findTicket,
  headOfLine,
  insertTicket,
  linesWaiting,
  lockLine,
  tryLockLine,
  type Ticket,
} from './store/tickets.js';

export interface TicketRequest {
  readonly id: string;
  readonly deploymentId: string;
  readonly meter: string;
  readonly action: string;
  readonly quantity: string;
  /** The limits of the meter as they are now. */
  readonly holds: readonly Hold[];
}

/** What a ticket waits for. */
export interface TicketLimits {
  readonly aggregation: MeterAggregation;
  /** None: the meter is not limited any more. */
  readonly holds: readonly Hold[];
}

/**
 * The limits that a ticket waits for, as they are at this instant. Null: nobody can say just now, its whole line goes on
 * waiting. `not_licensed`: its license names the action no more, so it leaves the line.
 */
export type CapOf = (ticket: Pick<Ticket, 'deploymentId' | 'action' | 'meter'>) => TicketLimits | 'not_licensed' | null;

/** An admitted ticket holds its quantity for a day. */
export const TICKET_HOLD_MS = 24 * 3_600_000;
/** Tickets that may wait for one meter of one deployment. */
export const TICKETS_MAX = 10_000;
const LINES_MAX = 10_000;
const ADMIT_MAX = 100;

/** Requests that wait for room: of one meter they are let in one after the other, and nobody overtakes. */
export class Tickets {
  constructor(private readonly options: { readonly reservations: Reservations; readonly ids: Ids }) {}

  /** How many wait for the meter; nobody joins or leaves the line until the end of the transaction. */
  async line(tx: Tx, deploymentId: string, meter: string): Promise<number> {
    await lockLine(tx, deploymentId, meter);
    return countWaiting(tx, deploymentId, meter);
  }

  /** At the end of the line. One that no window has room for is refused at once: LIMIT.TOO_LARGE; see LIMIT.QUEUE_FULL too. */
  async enqueue(tx: Tx, request: TicketRequest, now: Date): Promise<Result<Ticket>> {
    const { id, deploymentId, meter, action, quantity } = request;
    const smallest = tooSmall(request.holds, quantity);
    if (smallest !== undefined) {
      const detail = `${quantity} ${meter} are more than the ${smallest} of the limit`;
      return err(QueueErrors.TOO_LARGE({ detail }));
    }
    const ahead = await this.line(tx, deploymentId, meter);
    if (ahead >= TICKETS_MAX) {
      return err(QueueErrors.QUEUE_FULL({ detail: `${ahead} requests wait for ${meter} already` }));
    }
    const ticket = { id, deploymentId, meter, action, quantity, createdAt: now };
    await insertTicket(tx, ticket);
    return ok({ ...ticket, state: 'waiting', reservationId: null, expiresAt: null, admittedAt: null, ahead });
  }

  get(tx: Tx, id: string): Promise<Ticket | undefined> {
    return findTicket(tx, id);
  }

  /** Leaves the line; twice is once. Refuses with TICKET.NOT_FOUND (404) and, once it was let in, TICKET.NOT_WAITING (409). */
  async cancel(tx: Tx, id: string, now: Date): Promise<Ticket> {
    const known = await findTicket(tx, id);
    if (known === undefined) throw new RefusalError(TicketErrors.NOT_FOUND({ detail: `There is no ticket ${id}` }));
    await lockLine(tx, known.deploymentId, known.meter);
    if (await endWaiting(tx, id, { state: 'cancelled', at: now })) return { ...known, state: 'cancelled', ahead: 0 };
    const ended = (await findTicket(tx, id)) ?? known;
    if (ended.state === 'cancelled') return ended;
    throw new RefusalError(TicketErrors.NOT_WAITING({ detail: `The ticket ${id} is ${ended.state}` }));
  }

  /**
   * Lets in whoever there is room for, in order: the first one for whom there is none holds up the rest of its line.
   * At the start of a period and whenever a cap may have risen. Answers those that stopped waiting, admitted and refused.
   */
  async admit(tx: Tx, now: Date, capOf: CapOf): Promise<Ticket[]> {
    const ended: Ticket[] = [];
    for (const first of await linesWaiting(tx, LINES_MAX)) {
      // Lines of licenses that admit nothing may stand for long, and cost nothing.
      if (capOf(first) === null) continue;
      const { deploymentId, meter } = first;
      // Another replica lets them in just now.
      if (!(await tryLockLine(tx, deploymentId, meter))) continue;
      for (const ticket of await headOfLine(tx, deploymentId, meter, ADMIT_MAX)) {
        const after = await this.admitOne(tx, ticket, now, capOf);
        if (after === undefined) break;
        ended.push(after);
      }
    }
    return ended;
  }

  private async admitOne(tx: Tx, ticket: Ticket, now: Date, capOf: CapOf): Promise<Ticket | undefined> {
    const limits = capOf(ticket);
    if (limits === null) return undefined;
    const { id, deploymentId, meter, quantity } = ticket;
    if (limits === 'not_licensed' || tooSmall(limits.holds, quantity) !== undefined) {
      await endWaiting(tx, id, { state: 'refused', at: now });
      return { ...ticket, state: 'refused', ahead: 0 };
    }
    const expiresAt = new Date(now.getTime() + TICKET_HOLD_MS);
    const { aggregation, holds } = limits;
    const request = { id: this.options.ids.uuid(), deploymentId, meter, aggregation, quantity, holds, expiresAt };
    const reservation = await this.options.reservations.reserve(tx, request, now);
    if (reservation === null) return undefined;
    await endWaiting(tx, id, { state: 'admitted', at: now, reservationId: reservation.id });
    return { ...ticket, state: 'admitted', reservationId: reservation.id, expiresAt, admittedAt: now, ahead: 0 };
  }
}

/** The cap that could never hold the quantity, if there is one. */
function tooSmall(holds: readonly Hold[], quantity: string): string | undefined {
  return holds.flatMap(({ cap }) => cap ?? []).find((cap) => unitsOf(cap) < unitsOf(quantity));
}
