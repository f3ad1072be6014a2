import { moneyFromDecimal, moneyFromRational, orThrow, type Currency, type Decimal, type Money } from '@biplane/kernel';

/**
 * One finished, rounded part of a line, and how it came about. Components without an amount only tell (the quantity
 * used, the license); the amounts of the others add up to the line.
 */
export interface Component {
  readonly text: string;
  readonly quantity: Decimal | null;
  readonly amount: Money | null;
}

export function remark(text: string, quantity: Decimal | null = null): Component {
  return { text, quantity, amount: null };
}

/** price x quantity, exact until it is rounded once. */
export function roundedProduct(price: Decimal, quantity: Decimal, currency: Currency): Money {
  const numerator = price.coefficient * quantity.coefficient;
  // Not in lowest terms: that takes longer than rounding, and changes nothing.
  return moneyFromRational({ numerator, denominator: 10n ** BigInt(price.scale + quantity.scale) }, currency);
}

/** A price that was read with at most the decimals of its currency, so nothing is rounded. */
export function exactMoney(price: Decimal, currency: Currency): Money {
  return orThrow(moneyFromDecimal(price, currency));
}
