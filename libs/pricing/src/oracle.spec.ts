import { describe, expect, it } from '@jest/globals';
import { decimalToString, orThrow } from '@biplane/kernel';
import { seededRandom, seedOfRun, sizeOfRun } from '@biplane/testing';
import type { Line } from './bill.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import { oracleBill, type OracleLine } from './spec-support/oracle.js';
import { randomBill } from './spec-support/random-bill.js';

const seed = seedOfRun();
const bills = sizeOfRun({ soak: 100_000, ci: 1_500 });

describe('the exact oracle', () => {
  it('D6: random bills are those of the oracle, line by line, to the minor unit', () => {
    const random = seededRandom(seed);
    const seen = new Map<string, number>();
    for (let index = 0; index < bills; index += 1) {
      const { request, decimals, offsetHours } = randomBill(random);
      const bill = priceBill(orThrow(parseBillRequest(request)));
      const oracle = oracleBill(request, decimals, offsetHours);
      const ours = [...bill.lines.map(shown), bill.subtotal.minor, bill.total.minor].join('\n');
      const theirs = [...oracle.lines.map(oracleShown), oracle.subtotal, oracle.total].join('\n');
      // Not `expect` for each: that takes longer than the bill.
      if (ours !== theirs) {
        expect({ seed, index, request, bill: ours }).toEqual({ seed, index, request, bill: theirs });
      }
      bill.lines.forEach(({ kind }) => seen.set(kind, (seen.get(kind) ?? 0) + 1));
    }
    // A generator that makes no line of some kind would prove nothing of it.
    const kinds = ['plan_base', 'addon', 'module_days', 'overage', 'commitment', 'discount', 'setup', 'tax'];
    expect([...seen.keys()].sort()).toEqual(kinds.sort());
    for (const kind of kinds) expect(seen.get(kind)).toBeGreaterThan(bills / 50);
  }, 3_600_000);
});

function shown({ deployment, kind, resourceKind, quantity, amount }: Line): string {
  return `${deployment} ${kind} ${resourceKind} ${decimalToString(quantity)} ${amount.minor}`;
}

function oracleShown({ deployment, kind, resourceKind, quantity: { top, bottom }, minor }: OracleLine): string {
  return `${deployment} ${kind} ${resourceKind} ${plain(top, bottom)} ${minor}`;
}

/** A fraction whose denominator is a power of ten, without zeros at its end. */
function plain(top: bigint, bottom: bigint): string {
  const decimals = `${bottom}`.length - 1;
  const digits = `${top}`.padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const integer = digits.slice(0, digits.length - decimals);
  return decimals === 0 || fraction === '' ? integer : `${integer}.${fraction}`;
}
