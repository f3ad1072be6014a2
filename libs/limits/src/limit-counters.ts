import type { MeterAggregation } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';
import { inLockOrder, keyText, type LimitKey } from './domain/limit-key.js';
import { quantityOf, unitsOf } from './domain/units.js';
import {
  addToCounters,
  countersOf,
  findCounter,
  holdIn,
  insertCounter,
  lockCounter,
  lockCounters,
  setCounter,
  takeFrom,
  type CounterRow,
} from './store/counters.js';

/** What this plane has counted for a key: its windows, or its log. The transaction sees its own writes. */
export interface UsageSource {
  /** A decimal string; of a key without a period the present level, or all there ever was of a sum. */
  used(tx: Tx, key: LimitKey, aggregation: MeterAggregation): Promise<string>;
}

/** Usage that was stored, or is stored in the same transaction. */
export interface CountChange {
  readonly key: LimitKey;
  /** Of a sum what is added, of a peak the reading. Of a gauge it is not read: the source says which reading is the latest. */
  readonly quantity: string;
  /** When it was used. */
  readonly at: Date;
}

export interface CountState {
  readonly key: LimitKey;
  readonly used: string;
  /** By reservations and open slices. */
  readonly held: string;
  /** With slices that expired: spent for the cap, never for the bill. */
  readonly lost: string;
  /** `used + held + lost`: what stands against the cap. */
  readonly spent: string;
}

/** A correction, signed. */
export interface Adjustment {
  readonly key: LimitKey;
  readonly before: { readonly used: string; readonly held: string; readonly lost: string };
  readonly after: { readonly used: string; readonly held: string; readonly lost: string };
  /** `after.used - before.used` */
  readonly used: string;
}

/** Calls that were admitted are stored each second; none that was not stored by then will be. */
const STORED_WITHIN_MS = 60_000;

/** The counters that limits are decided by. Of one transaction the order is: `ensure`, then the usage itself, then `add`. */
export class LimitCounters {
  constructor(private readonly usage: UsageSource) {}

  /**
   * Makes the rows that are missing, from what was counted so far. Before usage is stored: otherwise a row that another
   * transaction makes meanwhile would know of this usage neither from the source nor from `add`.
   */
  async ensure(tx: Tx, keys: readonly LimitKey[]): Promise<void> {
    const distinct = new Map(keys.map((key) => [keyText(key), { key }]));
    const wanted = inLockOrder([...distinct.values()]).map(({ key }) => key);
    const known = new Set((await countersOf(tx, wanted)).map(({ no }) => no));
    const missing = wanted.filter((_, index) => !known.has(index + 1));
    for (const key of missing) await insertCounter(tx, key, await this.usage.used(tx, key, key.aggregation));
  }

  /** Adds to the rows that are there; those that are not are made when they are needed, from the source. */
  async add(tx: Tx, changes: readonly CountChange[]): Promise<void> {
    const gauges = inLockOrder(changes.filter(({ key }) => key.aggregation === 'last'));
    await addToCounters(tx, inLockOrder(folded(changes.filter(({ key }) => key.aggregation !== 'last'))));
    const latest = new Map(gauges.map((change) => [keyText(change.key), change]));
    for (const { key } of latest.values()) {
      const row = await lockCounter(tx, key);
      if (row === undefined) continue;
      const at = gauges.reduce((max, change) => (change.at > max ? change.at : max), new Date(0));
      const used = await this.usage.used(tx, key, key.aggregation);
      await setCounter(tx, key, { ...row, used, lastAt: row.lastAt > at ? row.lastAt : at });
    }
  }

  /** Those that are there, until the end of the transaction: for whoever changes them in more than one statement. */
  async lock(tx: Tx, keys: readonly LimitKey[]): Promise<void> {
    const distinct = new Map(keys.map((key) => [keyText(key), { key }]));
    await lockCounters(
      tx,
      inLockOrder([...distinct.values()]).map(({ key }) => key),
    );
  }

  async has(tx: Tx, key: LimitKey): Promise<boolean> {
    return (await findCounter(tx, key)) !== undefined;
  }

  /** As they stand; a key without a row is answered from the source. Writes nothing. */
  async read(tx: Tx, keys: readonly LimitKey[]): Promise<CountState[]> {
    const rows = new Map((await countersOf(tx, keys)).map((row) => [row.no, row]));
    const states: CountState[] = [];
    for (const [index, key] of keys.entries()) {
      const row = rows.get(index + 1);
      states.push(stateOf(key, row ?? { used: await this.usage.used(tx, key, key.aggregation), held: '0', lost: '0' }));
    }
    return states;
  }

  /** `spent` of the rows that are there, by `keyText`. */
  async spentIn(tx: Tx, keys: readonly LimitKey[]): Promise<ReadonlyMap<string, bigint>> {
    const rows = await countersOf(tx, keys);
    return new Map(
      rows.flatMap(({ no, used, held, lost }) => {
        const key = keys[no - 1];
        return key === undefined ? [] : [[keyText(key), unitsOf(used) + unitsOf(held) + unitsOf(lost)] as const];
      }),
    );
  }

  /** What the source says, whatever a row may say: of a meter that nothing limits nobody keeps a row up to date. */
  counted(tx: Tx, key: LimitKey): Promise<string> {
    return this.usage.used(tx, key, key.aggregation);
  }

  /**
   * Counts a use at once, if there is room: for levels and whatever is not sliced. The usage that it stands for is then
   * stored without `add`: in this transaction or, by whoever says when it was used (`at`), within moments.
   */
  async take(tx: Tx, key: LimitKey, cap: string, quantity: string, at: Date | null = null): Promise<boolean> {
    if (await takeFrom(tx, key, cap, quantity, at)) return true;
    await this.ensure(tx, [key]);
    // Once more even if the row is there: it may have come after the statement that did not find it.
    return takeFrom(tx, key, cap, quantity, at);
  }

  /** Holds a quantity, if there is room below the cap; without a cap in any case. */
  async hold(tx: Tx, key: LimitKey, cap: string | null, quantity: string): Promise<boolean> {
    if (await holdIn(tx, key, cap, quantity)) return true;
    await this.ensure(tx, [key]);
    return holdIn(tx, key, cap, quantity);
  }

  /**
   * Counts again from the source, the reservations and the slices, and sets the row right. Null: it was right, or there is none.
   * Of a sum without a window, which the door counts before its usage is stored, a row is not lowered while it is in use.
   */
  async recount(tx: Tx, key: LimitKey, now: Date): Promise<Adjustment | null> {
    const before = await lockCounter(tx, key);
    if (before === undefined) return null;
    const counted = unitsOf(await this.usage.used(tx, key, key.aggregation));
    const mayBeAhead = key.window === null && now.getTime() - before.lastAt.getTime() < STORED_WITHIN_MS;
    const used =
      mayBeAhead && key.aggregation === 'sum' && unitsOf(before.used) > counted ? before.used : quantityOf(counted);
    const after = { ...before, used, held: before.heldNow, lost: before.lostNow };
    if (before.used === after.used && before.held === after.held && before.lost === after.lost) return null;
    await setCounter(tx, key, after);
    return {
      key,
      before: countsOf(before),
      after: countsOf(after),
      used: quantityOf(unitsOf(after.used) - unitsOf(before.used)),
    };
  }
}

const countsOf = ({ used, held, lost }: CounterRow) => ({ used, held, lost });

function stateOf(key: LimitKey, { used, held, lost }: Pick<CounterRow, 'used' | 'held' | 'lost'>): CountState {
  return { key, used, held, lost, spent: quantityOf(unitsOf(used) + unitsOf(held) + unitsOf(lost)) };
}

/** One change a key: a statement touches a row once. */
function folded(changes: readonly CountChange[]): CountChange[] {
  const byKey = new Map<string, CountChange>();
  for (const change of changes) {
    const text = keyText(change.key);
    const known = byKey.get(text);
    byKey.set(text, known === undefined ? change : combined(known, change));
  }
  return [...byKey.values()];
}

function combined(a: CountChange, b: CountChange): CountChange {
  const at = a.at > b.at ? a.at : b.at;
  const [first, second] = [unitsOf(a.quantity), unitsOf(b.quantity)];
  const quantity = a.key.aggregation === 'sum' ? first + second : first > second ? first : second;
  return { key: a.key, quantity: quantityOf(quantity), at };
}
