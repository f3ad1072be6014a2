import { describe, expect, it } from '@jest/globals';
import { calendarMonth, shareByDay, type Period } from '@biplane/billing-calendar';
import { canonicalJson, compareMoney, compareRational, ONE_RATIONAL, orThrow } from '@biplane/kernel';
import { Decimal as Oracle } from 'decimal.js';
import fc from 'fast-check';
import type { Bill } from './bill.js';
import { toBillJson } from './bill-json.js';
import { canonicalInput } from './canonical-input.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { BillRequest, DeploymentRequest } from './request.js';

const Exact = Oracle.clone({ precision: 200, rounding: Oracle.ROUND_HALF_UP });
const zones = [
  'UTC',
  'Australia/Brisbane',
  'Europe/Zurich',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
];
const exponents: Record<string, number> = { USD: 2, JPY: 0, KWD: 3, CLF: 4 };

const text = (maxInteger: bigint, scale: number) =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: maxInteger }), fc.bigInt({ min: 0n, max: 10n ** BigInt(scale) - 1n }))
    .map(([whole, fraction]) => (scale === 0 ? `${whole}` : `${whole}.${`${fraction}`.padStart(scale, '0')}`));
const month = fc.integer({ min: 1, max: 12 }).map((number) => `2026-${`${number}`.padStart(2, '0')}`);
const stretch = (period: Period) =>
  fc.tuple(fc.integer({ min: -40, max: 800 }), fc.option(fc.integer({ min: 0, max: 800 }))).map(([from, hours]) => ({
    from: new Date(period.from.getTime() + from * 3_600_000),
    to: hours === null ? null : new Date(period.from.getTime() + (from + hours) * 3_600_000),
  }));

function deployment(currency: string, period: Period, ref: string): fc.Arbitrary<DeploymentRequest> {
  const amount = text(10n ** 9n, exponents[currency]!);
  return fc.record({
    ref: fc.constant(ref),
    plan: fc.constant({ code: 'studio' }),
    planVersion: fc.record({
      currency: fc.constant(currency),
      proration: fc.constantFrom('day', 'second'),
      baseFee: amount,
      setupFee: amount,
      meters: fc
        .tuple(text(10n ** 6n, 3), text(100n, 12))
        .map(([included, unitPrice]) => [{ meter: 'units', included, price: { kind: 'per_unit', unitPrice } }]),
    }),
    addons: fc
      .tuple(amount, text(20n, 2))
      .map(([price, quantity]) => [
        { code: 'extra', resourceKind: 'storage', quantity, price: { kind: 'flat', amount: price } },
      ]),
    active: fc.array(stretch(period), { maxLength: 3 }),
    suspended: fc.array(stretch(period), { maxLength: 2 }),
    firstPeriod: fc.boolean(),
    usage: text(10n ** 7n, 6).map((units) => ({ units })),
  });
}

const request: fc.Arbitrary<BillRequest> = fc
  .tuple(fc.constantFrom(...Object.keys(exponents)), fc.constantFrom(...zones), month)
  .chain(([currency, timeZone, name]) => {
    const period = calendarMonth(name, timeZone);
    return fc.record({
      currency: fc.constant(currency),
      timeZone: fc.constant(timeZone),
      period: fc.constant(period),
      taxes: fc
        .array(text(0n, 4), { maxLength: 3 })
        .map((rates) => rates.map((rate, index) => ({ code: `T${index}`, name: 'tax', rate }))),
      deployments: fc.tuple(deployment(currency, period, 'web'), deployment(currency, period, 'api')),
    });
  });

const price = (given: BillRequest): Bill => priceBill(orThrow(parseBillRequest(given)));
const minors = (lines: Bill['lines']) => lines.reduce((sum, line) => sum + line.amount.minor, 0n);

describe('any bill', () => {
  it('adds up: components to lines, lines to subtotal, taxes to total', () => {
    fc.assert(
      fc.property(request, (given) => {
        const bill = price(given);
        for (const line of bill.lines) {
          const components = line.explanation.reduce((sum, { amount }) => sum + (amount?.minor ?? 0n), 0n);
          expect(line.amount.minor).toBe(components);
        }
        const taxLines = bill.lines.filter((line) => line.kind === 'tax');
        expect(bill.subtotal.minor).toBe(minors(bill.lines) - minors(taxLines));
        expect(taxLines.map((line) => line.amount)).toEqual(bill.taxes.map((tax) => tax.amount));
        expect(bill.total.minor).toBe(minors(bill.lines));
        expect(new Set(bill.lines.map((line) => line.id)).size).toBe(bill.lines.length);
      }),
      { numRuns: 200 },
    );
  });

  it('has the overage and the tax that decimal.js computes', () => {
    fc.assert(
      fc.property(request, (given) => {
        const bill = price(given);
        const exponent = exponents[given.currency]!;
        const minor = (value: Oracle) =>
          BigInt(
            value
              .toDecimalPlaces(exponent)
              .times(10 ** exponent)
              .toFixed(0),
          );
        for (const { ref, planVersion, usage } of given.deployments) {
          const { included, price: unit } = planVersion.meters![0]!;
          const above = Exact.max(0, new Exact(usage!['units']!).minus(included!));
          const line = bill.lines.find(({ id }) => id === `${ref}/overage/units`);
          expect(line?.amount.minor ?? 0n).toBe(minor(above.times(unit['unitPrice'] as string)));
        }
        bill.taxes.forEach((tax, index) => {
          const base = new Exact(bill.subtotal.minor.toString()).div(10 ** exponent);
          expect(tax.amount.minor).toBe(minor(base.times(given.taxes![index]!.rate)));
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never charges more than the whole of a fee', () => {
    fc.assert(
      fc.property(request, (given) => {
        const whole = price({
          ...given,
          deployments: given.deployments.map((one) => ({
            ...one,
            active: [{ from: given.period.from, to: null }],
            suspended: [],
          })),
        });
        for (const line of price(given).lines.filter(({ kind }) => kind === 'plan_base' || kind === 'addon')) {
          const full = whole.lines.find(({ id }) => id === line.id)!;
          expect(compareMoney(line.amount, full.amount)).not.toBe(1);
          expect(line.amount.minor >= 0n).toBe(true);
        }
        const { active } = given.deployments[0]!;
        const closed = active
          .map(({ from, to }) => ({ from, to: to ?? given.period.to }))
          .filter(({ from, to }) => from <= to);
        expect(compareRational(shareByDay(closed, given.period, given.timeZone), ONE_RATIONAL)).not.toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  it('two stretches that make a month cost the month, give or take one rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 29 }),
        text(10n ** 9n, 2),
        fc.constantFrom('day', 'second'),
        (day, baseFee, proration) => {
          const period = calendarMonth('2026-04', 'UTC');
          const cut = new Date(period.from.getTime() + day * 86_400_000);
          const base = (active: DeploymentRequest['active']) =>
            price({
              currency: 'USD',
              timeZone: 'UTC',
              period,
              deployments: [
                { ref: 'web', plan: { code: 'p' }, planVersion: { currency: 'USD', baseFee, proration }, active },
              ],
            }).total.minor;
          const [first, second] = [
            { from: period.from, to: cut },
            { from: cut, to: null },
          ];
          const parts = base([first]) + base([second]);
          const whole = base([first, second]);
          expect(whole).toBe(BigInt(baseFee.replace('.', '')));
          expect(parts - whole <= 1n && whole - parts <= 1n).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is the same, byte for byte, for requests that mean the same', () => {
    fc.assert(
      fc.property(request, (given) => {
        const twice = given.deployments.map((one) => ({ ...one, active: [...one.active, ...one.active].reverse() }));
        const same = {
          ...given,
          taxes: given.taxes!.map((tax) => ({ ...tax, rate: `${tax.rate}00` })),
          deployments: twice,
        };
        const [a, b] = [given, same].map((one) => orThrow(parseBillRequest(one)));
        expect(canonicalInput(b!)).toBe(canonicalInput(a!));
        expect(canonicalJson(toBillJson(priceBill(b!)))).toBe(canonicalJson(toBillJson(priceBill(a!))));
      }),
      { numRuns: 100 },
    );
  });
});

describe('canonicalInput', () => {
  it('differs when anything that is priced differs', () => {
    const period = calendarMonth('2026-04', 'UTC');
    const given: BillRequest = {
      currency: 'USD',
      timeZone: 'UTC',
      period,
      taxes: [{ code: 'GST', name: 'GST', rate: '0.1' }],
      deployments: [{ ref: 'web', plan: { code: 'p' }, planVersion: { currency: 'USD', baseFee: '1' }, active: [] }],
    };
    const [only] = given.deployments;
    const variants: BillRequest[] = [
      given,
      { ...given, timeZone: 'Europe/Zurich' },
      { ...given, period: calendarMonth('2026-05', 'UTC') },
      { ...given, taxes: [{ code: 'GST', name: 'GST', rate: '0.11' }] },
      { ...given, deployments: [{ ...only!, active: [{ from: period.from, to: null }] }] },
      { ...given, deployments: [{ ...only!, firstPeriod: true }] },
      { ...given, deployments: [{ ...only!, planVersion: { currency: 'USD', baseFee: '1.01' } }] },
      { ...given, deployments: [{ ...only!, planVersion: { currency: 'USD', baseFee: '1', proration: 'second' } }] },
    ];
    const texts = variants.map((variant) => canonicalInput(orThrow(parseBillRequest(variant))));
    expect(new Set(texts).size).toBe(variants.length);
  });
});
