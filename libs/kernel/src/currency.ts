import type { Brand } from './brand.js';
import { CURRENCY_EXPONENTS } from './currency-exponents.js';
import { err, ok, type Result } from './result.js';
import { ValueErrors } from './value.errors.js';

/** A current ISO 4217 code whose exponent we know. */
export type Currency = Brand<string, 'Currency'>;

export function parseCurrency(text: unknown): Result<Currency> {
  if (typeof text === 'string' && CURRENCY_EXPONENTS.has(text)) return ok(text as Currency);
  return err(ValueErrors.CURRENCY_UNKNOWN({ detail: 'The currency is not a current ISO 4217 code in capitals' }));
}

/** Decimals of the currency: 0, 2, 3 or 4. A `Currency` that is not in the table was never parsed: a bug. */
export function currencyExponent(currency: Currency): number {
  const exponent = CURRENCY_EXPONENTS.get(currency);
  if (exponent === undefined) throw new Error(`Unknown currency ${currency}`);
  return exponent;
}
