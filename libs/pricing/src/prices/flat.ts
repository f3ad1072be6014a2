import type { Decimal } from '@biplane/kernel';
import { at } from '../mistakes.js';
import type { AddonPriceKind } from './price-kind.js';

/** `{"kind":"flat","amount":"7.50"}`: one price for each add-on. */
export interface FlatPrice {
  readonly kind: 'flat';
  readonly amount: Decimal;
}

export const flat: AddonPriceKind<FlatPrice> = {
  kind: 'flat',
  members: ['amount'],
  parse: (request, { mistakes, pointer, currency }) => ({
    kind: 'flat',
    amount: mistakes.amount(at(pointer, 'amount'), request['amount'], currency),
  }),
};
