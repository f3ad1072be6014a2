import type { OpenPeriod, Period } from '@biplane/billing-calendar';
import type {
  AddonRequest,
  BillRequest,
  DeploymentRequest,
  MeterDiscountRequest,
  MeterRequest,
  PlanPricingRequest,
  PriceRequest,
  TenantDiscountRequest,
} from '../request.js';

const HOUR_MS = 3_600_000;

/** Zones whose days are all of 24 hours, with what they are ahead of UTC, in hours. */
const ZONES = { UTC: 0, 'Australia/Brisbane': 10, 'America/Phoenix': -7, 'Asia/Tokyo': 9 } as const;

/** Of each number of decimals one currency. */
const CURRENCIES = { USD: 2, JPY: 0, KWD: 3, CLF: 4 } as const;

export interface RandomBill {
  readonly request: BillRequest;
  readonly decimals: number;
  readonly offsetHours: number;
}

/** A bill of anything that can be priced; its instants are on the hour, as the oracle sees time. */
export function randomBill(random: () => number): RandomBill {
  return new Dice(random).bill();
}

class Dice {
  constructor(private readonly random: () => number) {}

  bill(): RandomBill {
    const [timeZone, offsetHours] = this.one(Object.entries(ZONES));
    const [currency, decimals] = this.one(Object.entries(CURRENCIES));
    const period = this.period(offsetHours);
    const taxes = this.some(0, 3, (index) => ({ code: `T${index}`, name: `tax ${index}`, rate: this.rate() }));
    const refs = this.one([['web'], ['web', 'api']]);
    const request: BillRequest = {
      currency,
      timeZone,
      period,
      taxes,
      discounts: this.chance(50) ? this.tenantDiscounts(decimals) : [],
      deployments: refs.map((ref) => this.deployment(ref, currency, decimals, period)),
    };
    return { request, decimals, offsetHours };
  }

  /** Mostly a calendar month; sometimes, as a quote may, a stretch that cuts its first and last day. */
  private period(offsetHours: number): Period {
    const month = this.integer(0, 11);
    const [from, to] = [Date.UTC(2026, month), Date.UTC(2026, month + 1)].map((ms) => ms - offsetHours * HOUR_MS);
    const cut = this.chance(20) ? HOUR_MS : 0;
    return { from: new Date(from! + cut * this.integer(0, 300)), to: new Date(to! - cut * this.integer(0, 300)) };
  }

  private deployment(ref: string, currency: string, decimals: number, period: Period): DeploymentRequest {
    const proration = this.one(['day', 'second']);
    const meters = this.some(0, 3, (index) => this.meter(`m${index}`, decimals));
    const untils = this.chance(40) ? this.some(1, 2, () => this.instant(period)).sort((a, b) => +a - +b) : [];
    // The plan with the meters is the one in force at the end.
    const rising = untils.filter((until, index) => +until !== +(untils[index - 1] ?? 0) && until < period.to);
    const plan = () => this.plan(currency, decimals, proration);
    return {
      ref,
      plan: { code: 'last' },
      planVersion: { ...plan(), meters },
      previousPlans: rising.map((until, index) => ({ plan: { code: `p${index}` }, planVersion: plan(), until })),
      addons: this.some(0, 2, (index) => this.addon(`a${index}`, decimals, period)),
      active: this.stretches(period, 15),
      suspended: this.chance(50) ? this.stretches(period, 10) : [],
      modules: this.chance(70) ? { search: this.stretches(period, 10) } : {},
      firstPeriod: this.chance(30),
      usage: Object.fromEntries(meters.filter(() => this.chance(80)).map(({ meter }) => [meter, this.quantity()])),
    };
  }

  private plan(currency: string, decimals: number, proration: string): PlanPricingRequest {
    return {
      currency,
      proration,
      baseFee: this.amount(decimals),
      setupFee: this.amount(decimals),
      ...this.bounds(['minimumCommitment', 'maximum'], decimals),
      modules: [{ module: 'search', dailyPrice: this.chance(60) ? this.text(2, 12) : null }],
    };
  }

  private meter(meter: string, decimals: number): MeterRequest {
    const discounts: MeterDiscountRequest[] = [
      { kind: 'percent', rate: this.rate() },
      { kind: 'amount', amount: this.amount(decimals) },
      { kind: 'usage', quantity: this.quantity() },
    ];
    return {
      meter,
      price: this.price(decimals),
      ...(this.chance(50) && { included: this.quantity() }),
      discounts: this.chance(40) ? discounts.filter(() => this.chance(60)) : [],
      ...this.bounds(['minimum', 'maximum'], decimals),
    };
  }

  private price(decimals: number): PriceRequest {
    const kind = this.one(['per_unit', 'graduated', 'volume', 'package', 'percentage']);
    if (kind === 'per_unit') return { kind, unitPrice: this.text(2, 12) };
    if (kind === 'percentage') return { kind, rate: this.rate() };
    if (kind === 'package')
      return { kind, size: `${this.integer(1, 999)}.${this.integer(0, 9)}`, packagePrice: this.amount(decimals) };
    let upTo = 0;
    const ends = this.some(0, 4, () => (upTo += this.integer(1, 800)));
    const tier = (end: string | null) => ({
      upTo: end,
      unitPrice: this.text(1, 6),
      ...(this.chance(30) && { flatFee: this.amount(decimals) }),
    });
    const fractions = this.chance(30) ? '.5' : '';
    return { kind, tiers: [...ends.map((end) => tier(`${end}${fractions}`)), tier(null)] };
  }

  private addon(code: string, decimals: number, period: Period): AddonRequest {
    const price = this.amount(decimals);
    return {
      code,
      resourceKind: 'storage',
      quantity: this.text(1, 3),
      price: this.chance(50) ? { kind: 'flat', amount: price } : { kind: 'per_unit', unitPrice: price },
      ...(this.chance(50) && { attached: this.stretches(period, 0) }),
    };
  }

  private tenantDiscounts(decimals: number): TenantDiscountRequest[] {
    const both: TenantDiscountRequest[] = [
      { kind: 'percent', rate: this.rate(), description: 'pilot' },
      { kind: 'amount', amount: this.amount(decimals) },
    ];
    return both.filter(() => this.chance(60));
  }

  /** Neither, one, or both in their order. */
  private bounds(names: readonly [string, string], decimals: number): Record<string, string> {
    const [low, high] = this.one([
      [this.integer(0, 50), this.integer(50, 300)],
      [this.integer(200, 900), this.integer(900, 2_000)],
    ]);
    const amount = (units: number) =>
      decimals === 0 ? `${units * 100}` : `${units}.${`${this.integer(0, 9)}`.padEnd(decimals, '0')}`;
    return {
      ...(this.chance(30) && { [names[0]]: amount(low) }),
      ...(this.chance(30) && { [names[1]]: amount(high + 1) }),
    };
  }

  private stretches(period: Period, none: number): OpenPeriod[] {
    if (this.chance(none)) return [];
    return this.some(1, 3, () => {
      const [from, to] = [this.instant(period), this.instant(period)].sort((a, b) => +a - +b);
      return { from: from!, to: this.chance(40) ? null : to! };
    });
  }

  /** On the hour, up to two days outside the period. */
  private instant({ from, to }: Period): Date {
    const hours = (+to - +from) / HOUR_MS;
    // Midnights are where days are counted wrongly.
    const hour = this.chance(30) ? this.integer(-2, Math.ceil(hours / 24) + 2) * 24 : this.integer(-48, hours + 48);
    return new Date(+from + hour * HOUR_MS);
  }

  /** Often whole, and where tiers end. */
  private quantity(): string {
    return this.chance(30) ? `${this.integer(0, 2_000)}` : this.text(3, this.integer(0, 12));
  }

  private rate(): string {
    return this.chance(10) ? this.one(['0', '1', '1.000']) : `0.${this.digits(this.integer(1, 12))}`;
  }

  private amount(decimals: number): string {
    return decimals === 0 ? `${this.integer(0, 20_000)}` : `${this.integer(0, 200)}.${this.digits(decimals)}`;
  }

  private text(wholeDigits: number, decimals: number): string {
    const integer = `${this.integer(0, 10 ** this.integer(0, wholeDigits) - 1)}`;
    return decimals === 0 ? integer : `${integer}.${this.digits(decimals)}`;
  }

  private digits(count: number): string {
    return Array.from({ length: count }, () => (this.chance(20) ? 5 : this.integer(0, 9))).join('');
  }

  private some<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.integer(least, most) }, (_, index) => make(index));
  }

  private one<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }

  private integer(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** In percent. */
  private chance(percent: number): boolean {
    return this.random() * 100 < percent;
  }
}
