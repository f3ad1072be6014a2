import { describe, expect, it } from '@jest/globals';
import { addDecimal, decimalToString, orThrow, parseDecimal, ZERO_DECIMAL } from '@biplane/kernel';
import fc from 'fast-check';
import { contentOf, keyOf } from './reading.js';
import { firstOfEach, standings, type HashedReading, type StoredEvent } from './repeats.js';

const reading = (eventId: string, quantity: string, changes: Partial<HashedReading> = {}): HashedReading => {
  const event = {
    deploymentId: '0196fbd0-0000-7000-8000-00000000d001',
    source: '/scheduler',
    eventId,
    meter: 'droplet_hours',
    aggregation: 'sum' as const,
    quantity,
    amount: orThrow(parseDecimal(quantity)),
    occurredAt: new Date('2026-04-10T12:00:00Z'),
    window: { from: new Date('2026-04-10T12:00:00Z'), to: new Date('2026-04-10T13:00:00Z') },
    licenseVersion: 1,
    ...changes,
  };
  return { ...event, key: keyOf(event), contentHash: contentOf(event) };
};

/** What the database does: the first content of a key stays. */
class Table {
  readonly kept = new Map<string, HashedReading>();

  take(batch: readonly HashedReading[]): string[] {
    const stored = new Map<string, StoredEvent>();
    for (const event of firstOfEach(batch)) {
      const known = this.kept.get(event.key);
      if (known === undefined) this.kept.set(event.key, event);
      else stored.set(event.key, known);
    }
    return standings(batch, stored).map((standing) => (standing.ok ? standing.value : standing.error.code));
  }

  get total(): string {
    const quantities = [...this.kept.values()].map(({ quantity }) => orThrow(parseDecimal(quantity)));
    return decimalToString(quantities.reduce(addDecimal, ZERO_DECIMAL));
  }
}

const events = fc
  .uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), units: fc.nat(10_000) }), {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 20,
  })
  .map((drawn) => drawn.map(({ id, units }) => reading(id, `${units}.5`)));
/** The events in any order, each at least once, in batches of any size. */
const deliveries = events.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc
      .array(fc.constantFrom(...all), { maxLength: 30 })
      .chain((repeats) => fc.shuffledSubarray([...all, ...repeats], { minLength: all.length + repeats.length })),
    fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 60, maxLength: 60 }),
  ),
);

describe('repeats of usage events', () => {
  it('any order and repetition of events gives the same total, however they are split into batches', () => {
    fc.assert(
      fc.property(deliveries, ([all, delivered, sizes]) => {
        const [once, split] = [new Table(), new Table()];
        const together = once.take(delivered);
        const rest = [...delivered];
        const apart = sizes.flatMap((size) => split.take(rest.splice(0, size)));
        expect(apart).toEqual(together);
        expect(together.filter((standing) => standing === 'accepted')).toHaveLength(all.length);
        const exact = all.map(({ quantity }) => orThrow(parseDecimal(quantity))).reduce(addDecimal, ZERO_DECIMAL);
        expect([once.total, split.total]).toEqual([decimalToString(exact), decimalToString(exact)]);
      }),
    );
  });

  it('the first content of an id is the one that counts, and what contradicts it is told, not dropped', () => {
    const table = new Table();
    expect(table.take([reading('a', '1'), reading('a', '2'), reading('a', '1')])).toEqual([
      'accepted',
      'USAGE.ID_REUSED',
      'duplicate',
    ]);
    expect(table.take([reading('a', '2'), reading('a', '1'), reading('b', '2')])).toEqual([
      'USAGE.ID_REUSED',
      'duplicate',
      'accepted',
    ]);
    expect(table.total).toBe('3');
  });

  it('the order of writing is that of the keys, whatever the order of arrival', () => {
    const drawn = [reading('b', '1'), reading('a', '1', { source: '/z' }), reading('a', '1'), reading('b', '2')];
    const order = firstOfEach(drawn).map(({ source, eventId }) => `${source} ${eventId}`);
    expect(order).toEqual(['/scheduler a', '/scheduler b', '/z a']);
    expect(firstOfEach([...drawn].reverse()).map(keyOf)).toEqual(firstOfEach(drawn).map(keyOf));
  });
});
