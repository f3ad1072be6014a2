import type { Currency, Decimal } from '@biplane/kernel';
import type { Component } from '../component.js';
import type { Mistakes } from '../mistakes.js';
import type { PriceRequest } from '../request.js';

/** A kind of price on a meter: how it is read, and how it prices the quantity above what is included. */
export interface MeterPriceKind<Price extends { readonly kind: string }> {
  readonly kind: Price['kind'];
  /** The members of its JSON beside `kind`; any other is refused. */
  readonly members: readonly string[];
  /** Null after a mistake without which the rest cannot be read was noted. */
  parse(request: PriceRequest, context: PriceContext): Price | null;
  /** Works out once what does not depend on the quantity. */
  prepare(price: Price, currency: Currency): PreparedPrice;
}

/** A price that is ready for any number of quantities. */
export interface PreparedPrice {
  /** The sum of the components in minor units, without making them: a roll-up asks this a million times. */
  minorOf(quantity: Decimal): bigint;
  /** Each component is rounded once. */
  componentsOf(quantity: Decimal): readonly Component[];
  /** What the line shows as unit price; null when there is not one price for each unit. */
  unitPriceOf(quantity: Decimal): Decimal | null;
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
