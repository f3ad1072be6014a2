import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from 'decimal.js';
import { STRATEGY_NAMES, type LicenseClaims, type LicensedLimit, type StrategyName } from '../claims/claims.js';
import { DEPLOYMENT, goodClaims, NOW } from '../testing/fixtures.js';
import { decide } from './decide.js';
import type { CounterReading } from './decision.js';

const windowEndsAt = new Date('2026-04-30T14:00:00.000Z');
const hourMs = 3_600_000;

interface Question {
  readonly cap: string;
  readonly used: string | null;
  readonly quantity: string;
  readonly strategy: StrategyName;
  readonly warnAt: readonly string[];
  readonly rate: 'silent' | 'admits' | 'refuses';
  readonly hour: number;
}

const rateAnswers = {
  silent: undefined,
  admits: { admitted: true },
  refuses: { admitted: false, retryAt: new Date(NOW.getTime() + 1) },
} as const;

/** The same rules once more, in another way: by a table of sentences and decimal.js. */
function oracle({ cap, used, quantity, strategy, warnAt, rate }: Question, license: LicenseClaims, now: number) {
  if (now < Date.parse(license.startsAt)) return ['deny', 'LICENSE.NOT_STARTED'];
  if (now >= Date.parse(license.graceEndsAt)) return ['deny', 'LICENSE.EXPIRED'];
  const isGrace = now >= Date.parse(license.termEndsAt);
  const note = isGrace ? 'LICENSE.IN_GRACE' : now >= Date.parse(license.noticeAt) ? 'LICENSE.ENDS_SOON' : null;
  const plain = note === null ? ['allow', null] : ['warn', note];
  if (used === null) {
    if (strategy === 'hard_block') return ['deny', 'LIMIT.UNAVAILABLE'];
    return strategy === 'throttle' || strategy === 'queue' ? ['delay', 'LIMIT.UNAVAILABLE'] : plain;
  }
  const after = new Decimal(used).plus(quantity);
  if (after.gt(cap)) {
    const throttled = {
      silent: ['delay', 'LIMIT.UNAVAILABLE'],
      admits: ['warn', 'LIMIT.THROTTLED'],
      refuses: ['delay', 'LIMIT.THROTTLED'],
    };
    const beyond: Record<StrategyName, unknown[]> = {
      hard_block: ['deny', 'LIMIT.REACHED'],
      soft_warning: ['warn', 'LIMIT.EXCEEDED'],
      overage_charge: ['overage', 'LIMIT.OVERAGE'],
      throttle: throttled[rate],
      queue: ['delay', 'LIMIT.QUEUED'],
      allow: plain,
    };
    return beyond[strategy];
  }
  const isNear = strategy !== 'allow' && warnAt.some((share) => after.gte(new Decimal(cap).times(share)));
  return isNear ? ['warn', 'LIMIT.NEAR'] : plain;
}

const amounts = fc.oneof(
  fc.nat({ max: 30 }).map(String),
  fc.nat({ max: 300 }).map((tenths) => new Decimal(tenths).div(10).toFixed()),
  fc.bigInt({ min: 999_999_999_999_990n, max: 1_000_000_000_000_010n }).map(String),
);
const questions: fc.Arbitrary<Question> = fc.record({
  cap: amounts,
  used: fc.option(amounts),
  quantity: amounts,
  strategy: fc.constantFrom(...STRATEGY_NAMES),
  warnAt: fc.subarray(['0', '0.8', '0.85', '1']),
  rate: fc.constantFrom('silent', 'admits', 'refuses'),
  hour: fc.integer({ min: -24 * 30, max: 24 * 60 }),
});

describe('decide', () => {
  it('agrees with an oracle over any cap, use, quantity, threshold, rate, hour and all six strategies', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(questions, (question) => {
        const { cap, used, quantity, strategy, warnAt, rate, hour } = question;
        const now = new Date(NOW.getTime() + hour * hourMs);
        const limit: LicensedLimit = {
          ...{ meter: 'api_calls', authority: 'data', aggregation: 'sum', window: 'month', cap, strategy, warnAt },
          rate: { perSecond: '5', burst: 10 },
        };
        const license: LicenseClaims = {
          ...goodClaims,
          exp: Date.parse(goodClaims.graceEndsAt) / 1000,
          modules: { financials: { features: ['automated_billing'], limits: [limit] } },
        };
        const reading = {
          meter: 'api_calls',
          window: 'month',
          asOf: now,
          windowEndsAt,
          rate: rateAnswers[rate],
        } as const;
        const readings: CounterReading[] = used === null ? [] : [{ ...reading, used }];
        const decision = decide({
          license,
          deploymentId: DEPLOYMENT,
          action: 'financials:automated_billing',
          meter: 'api_calls',
          ...{ quantity, now, readings },
        });
        expect([decision.outcome, decision.code]).toEqual(oracle(question, license, now.getTime()));
        expect(decision.isAllowed).toBe(['allow', 'warn', 'overage'].includes(decision.outcome));
        if (!decision.code?.startsWith('LICENSE.') && used !== null) {
          expect(decision.remaining).toBe(Decimal.max(0, new Decimal(cap).minus(used)).toFixed());
          expect(decision.used).toBe(new Decimal(used).toFixed());
        }
        seen.add(`${strategy} ${decision.outcome} ${decision.code ?? ''}`);
      }),
      { numRuns: 5_000 },
    );
    // The generator reaches what it is for.
    for (const each of ['queue delay LIMIT.QUEUED', 'throttle warn LIMIT.THROTTLED', 'hard_block deny LIMIT.REACHED']) {
      expect(seen).toContain(each);
    }
  });

  it('answers on the short way of whole numbers as on the exact one, member by member', () => {
    let admitted = 0;
    fc.assert(
      fc.property(questions, fc.boolean(), ({ cap, used, quantity, strategy, warnAt, hour }, stale) => {
        const now = new Date(NOW.getTime() + hour * hourMs);
        const common = { meter: 'api_calls', window: 'month' } as const;
        const limit: LicensedLimit = {
          ...{ ...common, authority: 'data', aggregation: 'sum', cap, strategy, warnAt },
          rate: { perSecond: '5', burst: 10 },
        };
        const license: LicenseClaims = {
          ...goodClaims,
          exp: Date.parse(goodClaims.graceEndsAt) / 1000,
          modules: { financials: { features: ['automated_billing'], limits: [limit] } },
        };
        const reading = { ...common, used: used ?? '0', asOf: now, windowEndsAt, stale };
        const ask = (readings: readonly CounterReading[]) =>
          decide({
            license,
            deploymentId: DEPLOYMENT,
            action: 'financials:automated_billing',
            meter: 'api_calls',
            ...{ quantity, now, readings },
          });
        // A reading of another window beside it is none of this limit's, but is too much for the short way.
        const exact = ask([reading, { ...reading, window: 'day', used: '7' }]);
        expect(JSON.stringify(ask([reading]))).toBe(JSON.stringify(exact));
        if (exact.isAllowed && exact.limit !== null) admitted += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(admitted).toBeGreaterThan(100);
  });
});
