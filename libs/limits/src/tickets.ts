import { err, ok, RefusalError, type Result } from '@biplane/kernel';
import type { MeterAggregation } from '@biplane/licensing';
import { isLockTimeout, type Ids, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { keyText } from './domain/limit-key.js';
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
  waitAtMost,
  type Line,
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
/** Of one line in one transaction, which has its counters locked. */
const ADMIT_MAX = 10;
/** Transactions of one call; the next one goes on with the lines behind the last. */
const TURNS_MAX = 1_000;
/** Less than a check waits for its answer: who stands behind this transaction, behind that lock, is not held up for both. */
const LOCK_MS_MAX = 100;

/** Requests that wait for room: of one meter they are let in one after the other, and nobody overtakes. */
export class Tickets {
  /** Who had the last turn of the last call; nobody when all had theirs. */
  private lastLine = '';

  constructor(
    private readonly options: {
      readonly unitOfWork: UnitOfWork;
      readonly reservations: Reservations;
      readonly ids: Ids;
      readonly turnsMax?: number;
    },
  ) {}

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
   * Each second, for room comes with a period, a cap, a release. Lines take turns in transactions of their own: the counter
   * of one is never locked while another line moves, and a long line holds up no check of its meter for longer than a few
   * tickets take. `told` runs in the transaction of the ticket that stopped waiting, admitted or refused. Answers those.
   */
  async admit(
    now: Date,
    capOf: CapOf,
    told: (tx: Tx, ended: Ticket) => Promise<void> = () => Promise.resolve(),
  ): Promise<Ticket[]> {
    const { unitOfWork, turnsMax = TURNS_MAX } = this.options;
    const waiting = await linesWaiting(unitOfWork.reader, LINES_MAX);
    let lines = startingAfter(await this.withRoom(unitOfWork.reader, waiting, capOf), this.lastLine);
    let turn = 0;
    const ended: Ticket[] = [];
    while (lines.length > 0) {
      const moving: Line[] = [];
      for (const line of lines) {
        if ((turn += 1) > turnsMax) return ended;
        this.lastLine = nameOf(line);
        const moved = await this.admitTurn(line, now, capOf, told);
        ended.push(...moved);
        if (moved.length === ADMIT_MAX) moving.push(line);
      }
      lines = moving;
    }
    if (turn > 0) this.lastLine = '';
    return ended;
  }

  /** Lines that may move. Those that cannot, of licenses that admit nothing or of full limits, may stand for long and cost little. */
  private async withRoom(reader: Tx, lines: readonly Line[], capOf: CapOf): Promise<Line[]> {
    const asked = lines.flatMap((line) => {
      const limits = capOf(line);
      if (limits === null) return [];
      return [{ line, holds: limits === 'not_licensed' ? [] : limits.holds }];
    });
    const keys = asked.flatMap(({ holds }) => holds.map(({ key }) => key));
    const spent = await this.options.reservations.spentIn(reader, keys);
    const hasRoom = (quantity: bigint, { key, cap }: Hold): boolean =>
      cap === null || unitsOf(cap) < quantity || (spent.get(keyText(key)) ?? 0n) + quantity <= unitsOf(cap);
    return asked
      .filter(({ line, holds }) => holds.every((hold) => hasRoom(unitsOf(line.quantity), hold)))
      .map(({ line }) => line);
  }

  /** Some of one line, in a transaction of its own. A counter that is locked for long is asked again the next time. */
  private async admitTurn(
    { deploymentId, meter }: Line,
    now: Date,
    capOf: CapOf,
    told: (tx: Tx, ended: Ticket) => Promise<void>,
  ): Promise<Ticket[]> {
    const admit = async (tx: Tx): Promise<Ticket[]> => {
      const ended: Ticket[] = [];
      await waitAtMost(tx, LOCK_MS_MAX);
      // Another replica lets them in just now.
      if (!(await tryLockLine(tx, deploymentId, meter))) return ended;
      for (const ticket of await headOfLine(tx, deploymentId, meter, ADMIT_MAX)) {
        const after = await this.admitOne(tx, ticket, now, capOf);
        if (after === undefined) break;
        await told(tx, after);
        ended.push(after);
      }
      return ended;
    };
    try {
      return await this.options.unitOfWork.run(admit);
    } catch (error) {
      if (isLockTimeout(error)) return [];
      throw error;
    }
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

const nameOf = ({ deploymentId, meter }: Line): string => `${deploymentId}|${meter}`;

/** In a ring, so that a call that ran out of turns lets the next one begin with those it did not come to. */
function startingAfter(lines: readonly Line[], last: string): Line[] {
  const ring = [...lines].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const isBehind = (line: Line): boolean => nameOf(line) > last;
  return [...ring.filter(isBehind), ...ring.filter((line) => !isBehind(line))];
}
