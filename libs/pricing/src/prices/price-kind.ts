import type { Currency, Decimal } from '@biplane/kernel';
import type { Component } from '../component.js';
import type { Mistakes } from '../mistakes.js';
import type { PriceRequest } from '../request.js';

/** A kind of price on a meter: how it is read, and how it prices the quantity above what is included. */
export interface MeterPriceKind<Price extends { readonly kind: string }> {
  readonly kind: Price['kind'];
  /** The members of its JSON beside `kind`; any other is refused. */
  readonly members: readonly string[];
  parse(request: PriceRequest, context: PriceContext): Price;
  /** What the line shows as unit price; null when there is not one price for each unit. */
  unitPriceOf(price: Price): Decimal | null;
  /** Each component is rounded once. */
  componentsOf(price: Price, quantity: Decimal, currency: Currency): readonly Component[];
}

/** A kind of price of an add-on: the line is price x quantity x share in any case, so only the price is read. */
export interface AddonPriceKind<Price extends { readonly kind: string; readonly amount: Decimal }> {
  readonly kind: Price['kind'];
  /** The members of its JSON beside `kind`; any other is refused. */
  readonly members: readonly string[];
  parse(request: PriceRequest, context: PriceContext): Price;
}

export interface PriceContext {
  readonly mistakes: Mistakes;
  readonly pointer: string;
  readonly currency: Currency;
}
