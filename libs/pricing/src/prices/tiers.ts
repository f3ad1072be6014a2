import {
  compareDecimal,
  currencyExponent,
  decimalToString,
  isZeroDecimal,
  ZERO_DECIMAL,
  type Currency,
  type Decimal,
} from '@biplane/kernel';
import { exactMoney, roundedProduct, type Component } from '../component.js';
import { at } from '../mistakes.js';
import { PricingErrors } from '../pricing.errors.js';
import type { PriceContext } from './price-kind.js';

/** `(upper of the tier before, upTo]`, fractions included; the last is open. */
export interface Tier {
  readonly upTo: Decimal | null;
  readonly unitPrice: Decimal;
  /** Absent when there is none. */
  readonly flatFee?: Decimal;
}

const TIERS_MAX = 100;

/** At least one tier, rising, the last one open; they are contiguous because only their upper ends are given. */
export function readTiers(value: unknown, { mistakes, pointer, currency }: PriceContext): readonly Tier[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > TIERS_MAX) {
    mistakes.note(pointer, PricingErrors.TIERS_INVALID({ detail: `The tiers are a list of 1 to ${TIERS_MAX}` }));
    return null;
  }
  let below = ZERO_DECIMAL;
  return value.map((item: unknown, index): Tier => {
    const here = at(pointer, index);
    const tier = mistakes.object(here, item);
    if (tier === null) return { upTo: null, unitPrice: ZERO_DECIMAL };
    mistakes.refuseUnknownMembers(here, tier, ['upTo', 'unitPrice', 'flatFee']);
    const isLast = index === value.length - 1;
    const upTo = readUpper(tier['upTo'], below, isLast, { mistakes, pointer: at(here, 'upTo'), currency });
    below = upTo ?? below;
    const unitPrice = mistakes.decimal(at(here, 'unitPrice'), tier['unitPrice']);
    const flatFee = mistakes.whenGiven(tier['flatFee'], () =>
      mistakes.amount(at(here, 'flatFee'), tier['flatFee'], currency),
    );
    return { upTo, unitPrice, ...(flatFee !== null && !isZeroDecimal(flatFee) && { flatFee }) };
  });
}

function readUpper(
  value: unknown,
  below: Decimal,
  isLast: boolean,
  { mistakes, pointer }: PriceContext,
): Decimal | null {
  if (isLast) {
    if (value === null) return null;
    mistakes.note(pointer, PricingErrors.TIERS_INVALID({ detail: 'The last tier is open: its upTo is null' }));
    return null;
  }
  if (value === null) {
    mistakes.note(pointer, PricingErrors.TIERS_INVALID({ detail: 'Only the last tier is open' }));
    return null;
  }
  const read = mistakes.optionalDecimal(pointer, value);
  if (read !== null && compareDecimal(read, below) <= 0) {
    const detail = `Each tier ends above the one before it, this one above ${decimalToString(below)}`;
    mistakes.note(pointer, PricingErrors.TIERS_INVALID({ detail }));
  }
  return read;
}

/** What a quantity in a tier costs: its units, rounded once, and its flat part. */
export function tierComponents(
  tier: Tier,
  from: Decimal,
  quantity: Decimal,
  currency: Currency,
): readonly [Component, ...Component[]] {
  const place =
    tier.upTo === null ? `above ${decimalToString(from)}` : `${decimalToString(from)} to ${decimalToString(tier.upTo)}`;
  const priceText = (price: Decimal) => `${decimalToString(price, currencyExponent(currency))} ${currency}`;
  const units: Component = {
    text: `${place}: ${decimalToString(quantity)} x ${priceText(tier.unitPrice)}`,
    quantity,
    amount: roundedProduct(tier.unitPrice, quantity, currency),
  };
  if (!tier.flatFee) return [units];
  const flat = exactMoney(tier.flatFee, currency);
  return [units, { text: `${place}: flat ${priceText(tier.flatFee)}`, quantity: null, amount: flat }];
}

/** Where each tier begins. */
export function tierStarts(tiers: readonly Tier[]): readonly Decimal[] {
  return tiers.map((_, index) => tiers[index - 1]?.upTo ?? ZERO_DECIMAL);
}
