import { describe, expect, it } from '@jest/globals';
import { issuing } from './issuing.js';
import { creditNoteNumber, dueAt, invoiceNumber, openingOf, statusAtIssue } from './invoice-document.js';

const at = (text: string) => new Date(text);
const april = { from: at('2026-03-31T14:00:00Z'), to: at('2026-04-30T14:00:00Z') };

describe('when a period may be invoiced', () => {
  it.each([
    [
      'a millisecond before its end it runs, complete or not',
      '2026-04-30T13:59:59.999Z',
      0,
      { state: 'open', because: 'PERIOD_RUNS', opensAt: april.to },
    ],
    ['at its end, with every hour closed, it is complete', '2026-04-30T14:00:00Z', 0, { state: 'complete' }],
    [
      'with one hour missing it waits',
      '2026-04-30T14:00:00Z',
      1,
      { state: 'open', because: 'HOURS_MISSING', opensAt: at('2026-05-01T14:00:00Z') },
    ],
    [
      'a millisecond before the cut-off it still waits',
      '2026-05-01T13:59:59.999Z',
      1,
      { state: 'open', because: 'HOURS_MISSING', opensAt: at('2026-05-01T14:00:00Z') },
    ],
    ['at the cut-off it is billed provisionally', '2026-05-01T14:00:00Z', 1, { state: 'provisional' }],
    ['complete after the cut-off is still complete', '2026-05-09T00:00:00Z', 0, { state: 'complete' }],
  ] as const)('%s', (_why, now, missing, expected) => {
    expect(issuing(april, missing, 24, at(now))).toEqual(expected);
  });

  it('a plan without cut-off waits for nobody', () => {
    expect(issuing(april, 720, 0, april.to)).toEqual({ state: 'provisional' });
  });
});

describe('what an invoice is called and when it is due', () => {
  it('numbers are padded to six digits and grow beyond them', () => {
    expect([invoiceNumber(2026, 42), invoiceNumber(2026, 1_000_000)]).toEqual(['INV-2026-000042', 'INV-2026-1000000']);
  });

  it('credit notes are called otherwise', () => {
    expect(creditNoteNumber(2026, 7)).toBe('CN-2026-000007');
  });

  it('it is due the days of its tenant after it was issued', () => {
    expect(dueAt(at('2026-05-01T03:00:00Z'), 14)).toEqual(at('2026-05-15T03:00:00Z'));
    expect(dueAt(at('2026-05-01T03:00:00Z'), 0)).toEqual(at('2026-05-01T03:00:00Z'));
  });

  it.each([
    ['without a balance all of it is due', 7064n, 0n, [0n, 0n, 7064n]],
    ['a balance is used first', 7064n, 1000n, [1000n, 0n, 6064n]],
    ['a balance of the whole total leaves nothing', 7064n, 7064n, [7064n, 0n, 0n]],
    ['no more is used than is owed', 7064n, 9999n, [7064n, 0n, 0n]],
    ['a zero total uses nothing', 0n, 500n, [0n, 0n, 0n]],
    ['a total below zero becomes a balance, and uses none', -300n, 500n, [0n, 300n, 0n]],
  ])('%s', (_why, total, balance, [creditApplied, toBalance, due]) => {
    expect(openingOf(total, balance)).toEqual({ creditApplied, toBalance, due });
  });

  it('a zero total is paid at once, a cent is not', () => {
    expect([statusAtIssue(0n), statusAtIssue(1n)]).toEqual(['paid', 'issued']);
  });
});
