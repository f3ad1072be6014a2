import { orThrow, err, ok, RefusalError, type Result } from '@biplane/kernel';
import type { MeterAggregation } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';
import { inLockOrder, keyText, type LimitKey } from './domain/limit-key.js';
import { quantityOf, unitsOf } from './domain/units.js';
import type { LimitCounters } from './limit-counters.js';
import { ReservationErrors } from './limits.errors.js';
import { changeCounters, lockCounter, setCounter } from './store/counters.js';
import {
  confirmReservation,
  endReservations,
  findReservation,
  holdsOf,
  insertReservation,
  lockOverdueReservations,
  lockReservation,
  type Reservation,
} from './store/reservations.js';
import { lockLine } from './store/tickets.js';

/** A counter to hold a quantity in. */
export interface Hold {
  readonly key: LimitKey;
  /** Null: counted, never refused. */
  readonly cap: string | null;
}

export interface ReservationRequest {
  readonly id: string;
  readonly deploymentId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  /** More than nothing. */
  readonly quantity: string;
  /** Every limit of the meter, once each. */
  readonly holds: readonly Hold[];
  readonly expiresAt: Date;
}

/**
 * What a confirmation has counted. Its caller stores a usage event of this id, quantity and instant in the same
 * transaction, without `LimitCounters.add`: the counters have it already. Of a gauge the quantity is the new level.
 */
export interface ConfirmedUsage {
  readonly reservation: Reservation;
  /** `reservation:<id>`: however often it is confirmed, it is one event. */
  readonly eventId: string;
  readonly quantity: string;
  readonly at: Date;
  /** False when it was confirmed before. */
  readonly isNew: boolean;
}

const EXPIRE_MAX = 1_000;

/** Quantity that is held for somebody until it is confirmed, released or expires. */
export class Reservations {
  constructor(private readonly counters: LimitCounters) {}

  /** Holds the quantity in every counter, or in none: null when one of them has no room. */
  async reserve(tx: Tx, request: ReservationRequest, now: Date): Promise<Reservation | null> {
    const { quantity, holds } = request;
    const held: LimitKey[] = [];
    for (const { key, cap } of inLockOrder(holds)) {
      if (await this.counters.hold(tx, key, cap, quantity)) {
        held.push(key);
        continue;
      }
      const units = unitsOf(quantity);
      await free(
        tx,
        held.map((taken) => ({ key: taken, units })),
      );
      return null;
    }
    const { id, deploymentId, meter, aggregation, expiresAt } = request;
    const row = { id, deploymentId, meter, aggregation, quantity, createdAt: now, expiresAt };
    await insertReservation(tx, row, held);
    return { ...row, state: 'held', endedAt: null, usageAt: null, usageQuantity: null };
  }

  get(tx: Tx, id: string): Promise<Reservation | undefined> {
    return findReservation(tx, id);
  }

  /**
   * When a confirmation counts: now, but never after a window that holds the quantity. What was reserved before midnight has its
   * room in that day, and takes none of the next one's.
   */
  async countsAt(tx: Tx, id: string, now: Date): Promise<Date> {
    return withinWindows(
      (await holdsOf(tx, [id])).map(({ key }) => key),
      now,
    );
  }

  /**
   * Held becomes used, once: a second confirmation answers what the first one did. `keysOf`: the counters that a use stands in
   * by the present license, which may have a limit that held nothing yet. Refuses with RESERVATION.NOT_FOUND (404), EXPIRED (410)
   * and RELEASED (409).
   */
  async confirm(tx: Tx, id: string, now: Date, keysOf: (at: Date) => LimitKey[] = () => []): Promise<ConfirmedUsage> {
    const reservation = orThrow(stillThere(await lockReservation(tx, id), now));
    if (reservation.state === 'confirmed') return confirmedBefore(reservation);
    const keys = inLockOrder(await holdsOf(tx, [id])).map(({ key }) => key);
    const usage =
      reservation.aggregation === 'sum'
        ? await this.countedSum(tx, keys, reservation, withinWindows(keys, now), keysOf)
        : keys.length > 0
          ? await countedLevel(tx, keys, reservation, now)
          : await this.raisedLevel(tx, reservation, now);
    await confirmReservation(tx, id, now, usage);
    const { at: usageAt, quantity: usageQuantity } = usage;
    const confirmed: Reservation = { ...reservation, state: 'confirmed', endedAt: now, usageAt, usageQuantity };
    return { reservation: confirmed, eventId: eventIdOf(id), ...usage, isNew: true };
  }

  /**
   * What was held is free again. A second release changes nothing, nor does one that comes after the expiry. Refuses with
   * RESERVATION.NOT_FOUND (404) and CONFIRMED (409).
   */
  async release(tx: Tx, id: string, now: Date): Promise<Reservation> {
    const reservation = await lockReservation(tx, id);
    if (reservation === undefined) throw new RefusalError(notFound(id));
    if (reservation.state === 'confirmed') {
      throw new RefusalError(ReservationErrors.CONFIRMED({ detail: `The reservation ${id} was confirmed` }));
    }
    if (reservation.state !== 'held') return reservation;
    const [released] = await this.endAll(tx, [reservation], 'released', now);
    return released ?? reservation;
  }

  /** Frees what nobody confirmed in time; at most a thousand at once, their counters locked in the one order. */
  async expire(tx: Tx, now: Date): Promise<Reservation[]> {
    const overdue = await lockOverdueReservations(tx, now, EXPIRE_MAX);
    return this.endAll(tx, overdue, 'expired', now);
  }

  /** What stands against the caps of counters that are there, by `keyText`. Locks nothing. */
  async spentIn(tx: Tx, keys: readonly LimitKey[]): Promise<ReadonlyMap<string, bigint>> {
    return this.counters.spentIn(tx, keys);
  }

  /** Held becomes used where it is held; limits that came since count it as any use. */
  private async countedSum(
    tx: Tx,
    held: readonly LimitKey[],
    { quantity }: Reservation,
    at: Date,
    keysOf: (at: Date) => LimitKey[],
  ): Promise<{ at: Date; quantity: string }> {
    const units = unitsOf(quantity);
    const known = new Set(held.map(keyText));
    const added = keysOf(at).filter((key) => !known.has(keyText(key)));
    if (added.length > 0) {
      await this.counters.ensure(tx, added);
      await this.counters.lock(tx, [...held, ...added]);
      await this.counters.add(
        tx,
        added.map((key) => ({ key, quantity, at })),
      );
    }
    const delta = { used: units, held: -units, lost: 0n };
    await changeCounters(
      tx,
      held.map((key) => ({ key, delta })),
    );
    return { at, quantity };
  }

  /** A level that nothing limits: no row serializes those who raise it, so they stand in line. */
  private async raisedLevel(
    tx: Tx,
    { deploymentId, meter, aggregation, quantity }: Reservation,
    now: Date,
  ): Promise<{ at: Date; quantity: string }> {
    await lockLine(tx, deploymentId, meter);
    const level = await this.counters.counted(tx, { deploymentId, meter, aggregation, window: null, period: null });
    return { at: now, quantity: quantityOf(unitsOf(level) + unitsOf(quantity)) };
  }

  private async endAll(
    tx: Tx,
    held: readonly Reservation[],
    state: 'released' | 'expired',
    now: Date,
  ): Promise<Reservation[]> {
    const ids = held.map(({ id }) => id);
    const unitsById = new Map(held.map(({ id, quantity }) => [id, unitsOf(quantity)]));
    const freed = (await holdsOf(tx, ids)).map(({ reservationId, key }) => {
      return { key, units: unitsById.get(reservationId) ?? 0n };
    });
    await free(tx, freed);
    await endReservations(tx, ids, state, now);
    return held.map((reservation) => ({ ...reservation, state, endedAt: now }));
  }
}

const eventIdOf = (id: string): string => `reservation:${id}`;
const notFound = (id: string) => ReservationErrors.NOT_FOUND({ detail: `There is no reservation ${id}` });

function stillThere(reservation: Reservation | undefined, now: Date): Result<Reservation> {
  if (reservation === undefined) return err(ReservationErrors.NOT_FOUND({ detail: 'There is no such reservation' }));
  const { id, state, expiresAt } = reservation;
  if (state === 'released') return err(ReservationErrors.RELEASED({ detail: `The reservation ${id} was released` }));
  if (state === 'expired' || (state === 'held' && expiresAt <= now)) {
    return err(ReservationErrors.EXPIRED({ detail: `The reservation ${id} ended at ${expiresAt.toISOString()}` }));
  }
  return ok(reservation);
}

function confirmedBefore(reservation: Reservation): ConfirmedUsage {
  return {
    reservation,
    eventId: eventIdOf(reservation.id),
    quantity: reservation.usageQuantity ?? reservation.quantity,
    at: reservation.usageAt ?? reservation.createdAt,
    isNew: false,
  };
}

/** Once a counter, whoever held it: a statement touches a row once. */
async function free(tx: Tx, held: readonly { readonly key: LimitKey; readonly units: bigint }[]): Promise<void> {
  const byKey = new Map<string, { key: LimitKey; units: bigint }>();
  for (const { key, units } of held) {
    const text = keyText(key);
    byKey.set(text, { key, units: units + (byKey.get(text)?.units ?? 0n) });
  }
  const changes = [...byKey.values()].map(({ key, units }) => ({ key, delta: { used: 0n, held: -units, lost: 0n } }));
  await changeCounters(tx, inLockOrder(changes));
}

/** The level rises by what was held, as of no earlier than its latest reading: an earlier one would not count. */
async function countedLevel(
  tx: Tx,
  keys: readonly LimitKey[],
  { quantity }: Reservation,
  now: Date,
): Promise<{ at: Date; quantity: string }> {
  const units = unitsOf(quantity);
  let at = withinWindows(keys, now);
  let level = units;
  for (const key of keys) {
    const row = await lockCounter(tx, key);
    if (row === undefined) continue;
    const raised = unitsOf(row.used) + units;
    if (raised > level) level = raised;
    if (row.lastAt > at) at = row.lastAt;
    const held = quantityOf(unitsOf(row.held) - units);
    await setCounter(tx, key, {
      ...row,
      used: quantityOf(raised),
      held: held.startsWith('-') ? '0' : held,
      lastAt: at,
    });
  }
  return { at, quantity: quantityOf(level) };
}

/** What was held in a window that has ended meanwhile is usage of that window: it has no room in the next one. */
function withinWindows(keys: readonly LimitKey[], now: Date): Date {
  const ends = keys.flatMap(({ period }) => (period === null ? [] : [period.to.getTime() - 1]));
  return new Date(Math.min(now.getTime(), ...ends));
}
