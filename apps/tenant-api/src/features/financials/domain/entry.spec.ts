import { describe, expect, it } from '@jest/globals';
import { money, orThrow, parseCurrency } from '@biplane/kernel';
import { bookingInstant, movementOf } from './entry.js';

const usd = orThrow(parseCurrency('USD'));
const amount = (minor: bigint) => money(minor, usd);
const at = (text: string) => new Date(text);

describe('what an entry moves', () => {
  it.each([
    ['charge', 500n, 500n, 'revenue'],
    ['payment', 500n, -500n, 'cash'],
    ['refund', 500n, 500n, 'cash'],
    ['credit', 500n, -500n, 'adjustments'],
    ['adjustment', 500n, 500n, 'adjustments'],
    ['adjustment', -500n, -500n, 'adjustments'],
  ] as const)('a %s of %s moves %s on the member’s account, against %s', (kind, minor, owed, counterpart) => {
    expect(movementOf(kind, amount(minor))).toEqual({ member: amount(owed), counterpart });
  });

  it.each([
    ['charge', 0n],
    ['charge', -1n],
    ['payment', -1n],
    ['refund', 0n],
    ['credit', -1n],
    ['adjustment', 0n],
  ] as const)('a %s of %s is no booking', (kind, minor) => {
    expect(() => movementOf(kind, amount(minor))).toThrow(RangeError);
  });
});

describe('when an entry is booked', () => {
  const now = at('2026-04-01T00:00:00Z');
  it.each([
    ['now', '2026-03-01T00:00:00Z', null, '2026-04-01T00:00:00Z'],
    ['not before what stands there already', '2026-04-02T00:00:00Z', null, '2026-04-02T00:00:00Z'],
    ['not in a period that was stated', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z'],
  ])('%s', (_why, booked, stated, expected) => {
    const account = { bookedThrough: at(booked), statedThrough: stated === null ? null : at(stated) };
    expect(bookingInstant(account, now)).toEqual(at(expected));
  });
});
