import type { Stretches } from '@biplane/billing-calendar';
import { currencyExponent, decimalToString, moneyFromRational, ZERO_DECIMAL, type Decimal } from '@biplane/kernel';
import { chargedShare, type Resolution } from '../activity.js';
import type { Component } from '../component.js';
import type { ChargeContext } from './charge.js';

/** What a line that is charged for a share of the period has in common. */
export interface Prorated {
  /** Zero when no part of the period is charged, so that the line is left out. */
  readonly quantity: Decimal;
  readonly unitPrice: Decimal;
  readonly explanation: readonly Component[];
}

/** price x quantity x share: exact until the end, rounded once. */
export function prorate(
  unitPrice: Decimal,
  quantity: Decimal,
  stretches: Stretches,
  resolution: Resolution,
  { currency, period, days }: ChargeContext,
): Prorated {
  const { share, text } = chargedShare(stretches, { period, days, resolution });
  const numerator = unitPrice.coefficient * quantity.coefficient * BigInt(share.part);
  const denominator = 10n ** BigInt(unitPrice.scale + quantity.scale) * BigInt(share.whole);
  // Not in lowest terms: that takes longer than rounding, and changes nothing.
  const amount = moneyFromRational({ numerator, denominator }, currency);
  const price = decimalToString(unitPrice, currencyExponent(currency));
  return {
    quantity: share.part === 0 ? ZERO_DECIMAL : quantity,
    unitPrice,
    explanation: [{ text: `${decimalToString(quantity)} x ${price} ${currency} x ${text}`, quantity, amount }],
  };
}
