import { describe, expect, it } from '@jest/globals';
import { issuing } from './issuing.js';
import { dueAt, invoiceNumber, statusAtIssue } from './invoice-document.js';

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

  it('it is due fourteen days after it was issued', () => {
    expect(dueAt(at('2026-05-01T03:00:00Z'))).toEqual(at('2026-05-15T03:00:00Z'));
  });

  it('a zero total is paid at once, a cent is not', () => {
    expect([statusAtIssue(0n), statusAtIssue(1n)]).toEqual(['paid', 'issued']);
  });
});
