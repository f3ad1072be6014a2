import { decimal, decimalToString, orThrow, parseDecimal } from '@biplane/kernel';

/** Quantities have at most 12 decimals: as whole numbers of the smallest part they add without rounding. */
const SCALE = 12;
const ONE = 10n ** BigInt(SCALE);
/** Totals have more digits than one quantity. */
const DIGITS_MAX = 60;
const WHOLE = /^(?:0|[1-9][0-9]{0,17})$/;

/** A decimal string as smallest parts. Whole numbers, which calls are, take no detour. */
export function unitsOf(quantity: string): bigint {
  if (quantity === '1') return ONE;
  if (WHOLE.test(quantity)) return BigInt(quantity) * ONE;
  const { coefficient, scale } = orThrow(parseDecimal(quantity, { maxDigits: DIGITS_MAX }));
  return coefficient * 10n ** BigInt(SCALE - scale);
}

export function quantityOf(units: bigint): string {
  return decimalToString(decimal(units, SCALE));
}
