import type { Currency, Result } from '@biplane/kernel';
import { Mistakes } from './mistakes.js';
import type { PreparedPrice } from './prices/price-kind.js';
import { parseMeterPrice, preparePrice } from './prices/registry.js';
import type { PriceRequest } from './request.js';

/** The price of a meter, ready for any number of quantities: what `priceBill` asks for each of its lines. */
export function parseMeterPricing(price: PriceRequest, currency: Currency, pointer = '/price'): Result<PreparedPrice> {
  const mistakes = new Mistakes();
  const parsed = parseMeterPrice(price, { mistakes, pointer, currency });
  return mistakes.result(parsed && preparePrice(parsed, currency));
}
