import type { Currency } from '@biplane/kernel';
import { at } from '../mistakes.js';
import { PricingErrors } from '../pricing.errors.js';
import type { PriceRequest } from '../request.js';
import { flat } from './flat.js';
import { graduated } from './graduated.js';
import { packaged } from './package.js';
import { perUnit, perUnitAddon } from './per-unit.js';
import { percentage } from './percentage.js';
import type { MeterPriceKind, PreparedPrice, PriceContext } from './price-kind.js';
import { volume } from './volume.js';

// To add a kind of price: write its file beside this one, and add one word here.
const METER_PRICES = { per_unit: perUnit, graduated, volume, package: packaged, percentage };
const ADDON_PRICES = { flat, per_unit: perUnitAddon };

type PriceOf<Kinds extends Record<string, { parse(...args: never): unknown }>> = NonNullable<
  ReturnType<Kinds[keyof Kinds]['parse']>
>;

export type MeterPrice = PriceOf<typeof METER_PRICES>;
export type AddonPrice = PriceOf<typeof ADDON_PRICES>;

/** Null after a mistake was noted. */
export function parseMeterPrice(request: PriceRequest, context: PriceContext): MeterPrice | null {
  return parseWith<MeterPrice>(METER_PRICES, 'a meter', request, context);
}

/** Null after a mistake was noted. */
export function parseAddonPrice(request: PriceRequest, context: PriceContext): AddonPrice | null {
  return parseWith<AddonPrice>(ADDON_PRICES, 'an add-on', request, context);
}

/** A price is read by the file of its kind only, so that file can price it: more than the compiler can see. */
export function preparePrice(price: MeterPrice, currency: Currency): PreparedPrice {
  return (METER_PRICES[price.kind] as MeterPriceKind<MeterPrice>).prepare(price, currency);
}

interface Reader<Price> {
  readonly members: readonly string[];
  parse(request: PriceRequest, context: PriceContext): Price | null;
}

function parseWith<Price>(
  kinds: Readonly<Record<string, Reader<Price>>>,
  noun: string,
  request: PriceRequest | null,
  context: PriceContext,
): Price | null {
  const { mistakes, pointer } = context;
  const kind = request && Object.hasOwn(kinds, request.kind) ? kinds[request.kind] : undefined;
  if (request && kind) {
    mistakes.refuseUnknownMembers(pointer, request, ['kind', ...kind.members]);
    return kind.parse(request, context);
  }
  const detail = `The price of ${noun} is of one of the kinds: ${Object.keys(kinds).join(', ')}`;
  mistakes.note(at(pointer, 'kind'), PricingErrors.KIND_UNSUPPORTED({ detail }));
  return null;
}
