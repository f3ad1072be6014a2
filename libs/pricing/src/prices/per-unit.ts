import {
  currencyExponent,
  decimalToString,
  moneyFromRational,
  multiplyDecimal,
  rationalFromDecimal,
  type Decimal,
} from '@biplane/kernel';
import { at } from '../mistakes.js';
import type { AddonPriceKind, MeterPriceKind } from './price-kind.js';

/** `{"kind":"per_unit","unitPrice":"0.01"}`: every unit costs the same. */
export interface PerUnitPrice {
  readonly kind: 'per_unit';
  readonly unitPrice: Decimal;
}

export const perUnit: MeterPriceKind<PerUnitPrice> = {
  kind: 'per_unit',
  members: ['unitPrice'],
  parse: (request, { mistakes, pointer }) => ({
    kind: 'per_unit',
    unitPrice: mistakes.decimal(at(pointer, 'unitPrice'), request['unitPrice']),
  }),
  unitPriceOf: (price) => price.unitPrice,
  componentsOf: (price, quantity, currency) => {
    const amount = moneyFromRational(rationalFromDecimal(multiplyDecimal(quantity, price.unitPrice)), currency);
    const unitPrice = decimalToString(price.unitPrice, currencyExponent(currency));
    return [{ text: `${decimalToString(quantity)} x ${unitPrice} ${currency}`, quantity, amount }];
  },
};

/** The same on an add-on, whose price has at most the decimals of its currency. */
export interface PerUnitAddonPrice {
  readonly kind: 'per_unit';
  readonly amount: Decimal;
}

export const perUnitAddon: AddonPriceKind<PerUnitAddonPrice> = {
  kind: 'per_unit',
  members: ['unitPrice'],
  parse: (request, { mistakes, pointer, currency }) => ({
    kind: 'per_unit',
    amount: mistakes.decimal(at(pointer, 'unitPrice'), request['unitPrice'], { maxScale: currencyExponent(currency) }),
  }),
};
