import { currencyExponent, decimalToString, ZERO_DECIMAL, type Decimal } from '@biplane/kernel';
import { roundedProduct } from '../component.js';
import { at } from '../mistakes.js';
import { Pieces } from './pieces.js';
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
  prepare: ({ unitPrice }, currency) => {
    const pieces = new Pieces([{ upTo: null, from: ZERO_DECIMAL, rate: unitPrice, settled: 0n }], currency);
    const priceText = `${decimalToString(unitPrice, currencyExponent(currency))} ${currency}`;
    return {
      minorOf: (quantity) => pieces.minorOf(quantity),
      componentsOf: (quantity) => {
        const text = `${decimalToString(quantity)} x ${priceText}`;
        return [{ text, quantity, amount: roundedProduct(unitPrice, quantity, currency) }];
      },
      unitPriceOf: () => unitPrice,
    };
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
    amount: mistakes.amount(at(pointer, 'unitPrice'), request['unitPrice'], currency),
  }),
};
