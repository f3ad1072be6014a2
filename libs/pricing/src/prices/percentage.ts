import { decimal, decimalToString, multiplyDecimal, ZERO_DECIMAL, type Decimal } from '@biplane/kernel';
import { roundedProduct } from '../component.js';
import { at } from '../mistakes.js';
import { Pieces } from './pieces.js';
import type { MeterPriceKind } from './price-kind.js';

/** `{"kind":"percentage","rate":"0.029"}`: a part of a metered amount of money. */
export interface PercentagePrice {
  readonly kind: 'percentage';
  readonly rate: Decimal;
}

export const percentage: MeterPriceKind<PercentagePrice> = {
  kind: 'percentage',
  members: ['rate'],
  parse: (request, { mistakes, pointer }) => ({
    kind: 'percentage',
    rate: mistakes.rate(at(pointer, 'rate'), request['rate']),
  }),
  prepare: ({ rate }, currency) => {
    const pieces = new Pieces([{ upTo: null, from: ZERO_DECIMAL, rate, settled: 0n }], currency);
    const percent = decimalToString(multiplyDecimal(rate, decimal(100n)));
    return {
      minorOf: (quantity) => pieces.minorOf(quantity),
      componentsOf: (quantity) => {
        const text = `${percent} % of ${decimalToString(quantity)}`;
        return [{ text, quantity, amount: roundedProduct(rate, quantity, currency) }];
      },
      unitPriceOf: () => rate,
    };
  },
};
