import type { Currency, Decimal, Result } from '@biplane/kernel';
import { Mistakes } from './mistakes.js';
import { parseAddonPrice } from './prices/registry.js';
import type { PriceRequest } from './request.js';

/** Checks the price of an add-on for the catalog, and gives the price of one unit, of which a snapshot is taken. */
export function parseAddonPricing(price: PriceRequest, currency: Currency, pointer = '/price'): Result<Decimal> {
  const mistakes = new Mistakes();
  const parsed = parseAddonPrice(price, { mistakes, pointer, currency });
  return mistakes.result(parsed && parsed.amount);
}
