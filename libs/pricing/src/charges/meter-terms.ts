import {
  decimal,
  decimalToString,
  isZeroDecimal,
  maxDecimal,
  money,
  moneyToDecimal,
  moneyToJson,
  multiplyDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
  type Currency,
  type Decimal,
} from '@biplane/kernel';
import { exactMoney, remark, roundedProduct, type Component } from '../component.js';
import type { MeterPricing } from '../input.js';

/** What is priced of a quantity: above what is included, less the usage discount, never below zero. */
export function pricedQuantity({ included, discounts }: MeterPricing, used: Decimal): Decimal {
  const above = isZeroDecimal(included) ? used : notNegative(subtractDecimal(used, included));
  return discounts?.usage ? notNegative(subtractDecimal(above, discounts.usage)) : above;
}

/** How the priced quantity came about. */
export function quantityRemarks({ included, discounts }: MeterPricing, used: Decimal): readonly Component[] {
  const remarks = [remark('used', used), remark('included', included)];
  return discounts?.usage ? [...remarks, remark('usage discount', discounts.usage)] : remarks;
}

/**
 * What a meter takes off its price or adds to it: the amount discount, the percent discount of what is left, what is
 * missing to the minimum, what is above the maximum. Each is rounded once; no discount goes below zero.
 */
export function priceTerms(
  { discounts, minimum, maximum }: MeterPricing,
  price: bigint,
  currency: Currency,
  isIdle: boolean,
): readonly Component[] {
  const terms: Component[] = [];
  if (!discounts && !minimum && !maximum) return terms;
  let left = price;
  const add = (text: string, minor: bigint): void => {
    terms.push({ text, quantity: null, amount: money(minor, currency) });
    left += minor;
  };
  const said = (amount: Decimal): string => `${moneyToJson(exactMoney(amount, currency)).amount} ${currency}`;
  if (discounts?.amount) {
    const off = exactMoney(discounts.amount, currency).minor;
    add(`discount of ${said(discounts.amount)}`, -(off < left ? off : left));
  }
  if (discounts?.percent) {
    const percent = decimalToString(multiplyDecimal(discounts.percent, decimal(100n)));
    const rest = moneyToDecimal(money(left, currency));
    add(`discount of ${percent} % of ${said(rest)}`, -roundedProduct(discounts.percent, rest, currency).minor);
  }
  const [least, most] = [minimum, maximum].map((bound) => bound && exactMoney(bound, currency).minor);
  // Without an active instant only the usage is owed, so there is nothing to fill up to.
  if (minimum && least !== undefined && left < least && !isIdle)
    add(`up to the minimum of ${said(minimum)}`, least - left);
  if (maximum && most !== undefined && left > most) add(`down to the maximum of ${said(maximum)}`, most - left);
  return terms;
}

function notNegative(quantity: Decimal): Decimal {
  return maxDecimal(quantity, ZERO_DECIMAL);
}
