import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gcra, type GcraState } from './gcra.js';

const START = Date.parse('2026-04-10T12:00:00.000Z');
const at = (ms: number) => new Date(START + ms);
const rate = { perSecond: '5', burst: 10 };

/** Asks for one after the other, and tells how many of them pass. */
function admittedOf(arrivals: readonly number[], { perSecond, burst } = rate): number {
  let state: GcraState | null = null;
  let admitted = 0;
  for (const ms of arrivals) {
    const answer = gcra(state, { perSecond, burst }, '1', at(ms));
    state = answer.state;
    if (answer.admitted) admitted += 1;
  }
  return admitted;
}

describe('gcra', () => {
  it('a burst passes at once, then what the rate lets run out', () => {
    expect(admittedOf(Array.from({ length: 100 }, () => 0))).toBe(10);
    expect(admittedOf(Array.from({ length: 100 }, (_, index) => index * 10))).toBe(10 + 4);
    expect(admittedOf(Array.from({ length: 100 }, (_, index) => index * 200))).toBe(100);
  });

  it('retryAt is the first millisecond at which the request passes, and not one earlier', () => {
    const requests = fc.record({
      level: fc.nat({ max: 20_000 }).map((thousandths) => (thousandths / 1000).toFixed(3)),
      perSecond: fc.constantFrom('5', '0.3', '7', '1000', '0.001', '33.333333333333'),
      burst: fc.integer({ min: 1, max: 10 }),
      quantity: fc.constantFrom('1', '0.5', '3', '0.000000000001'),
    });
    fc.assert(
      fc.property(requests, ({ level, perSecond, burst, quantity }) => {
        const state = { level, at: at(0) };
        const answer = gcra(state, { perSecond, burst }, quantity, at(0));
        if (answer.admitted || answer.retryAt === null) return;
        const wait = answer.retryAt.getTime() - START;
        expect(gcra(state, { perSecond, burst }, quantity, at(wait)).admitted).toBe(true);
        expect(gcra(state, { perSecond, burst }, quantity, at(wait - 1)).admitted).toBe(false);
        expect(answer.state).toEqual({ level: String(Number(level)), at: at(0) });
      }),
    );
  });

  it('in any stretch of time no more passes than the burst and the rate allow', () => {
    const arrivals = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(arrivals, (unsorted) => {
        const sorted = unsorted.sort((a, b) => a - b);
        const span = (sorted.at(-1) as number) - (sorted[0] as number);
        expect(admittedOf(sorted)).toBeLessThanOrEqual(rate.burst + Math.floor((span * 5) / 1000));
      }),
    );
  });

  it.each([
    ['more than the burst', rate, '11'],
    ['a rate of zero', { perSecond: '0', burst: 10 }, '1'],
  ])('%s never passes, and says so', (_what, never, quantity) => {
    expect(gcra({ level: '10', at: at(0) }, never, quantity, at(0))).toMatchObject({ admitted: false, retryAt: null });
  });

  it('a clock that is set back lets nothing run out twice', () => {
    const full = { level: '10', at: at(1_000) };
    const back = gcra(full, rate, '1', at(0));
    expect(back).toEqual({ admitted: false, retryAt: at(1_200), state: full });
  });

  it('a thousand years is the longest that anybody is told to wait', () => {
    const answer = gcra({ level: '10', at: at(0) }, { perSecond: '0.000000000001', burst: 10 }, '10', at(0));
    expect(answer).toMatchObject({ admitted: false, retryAt: new Date(START + 1000 * 365 * 86_400_000) });
  });

  it('what is left is exact', () => {
    const first = gcra(null, { perSecond: '0.3', burst: 1 }, '1', at(0));
    expect(gcra(first.state, { perSecond: '0.3', burst: 1 }, '1', at(1)).state).toEqual({ level: '0.9997', at: at(1) });
  });
});
