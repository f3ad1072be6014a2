import { err, ok, type Result } from './result.js';
import { ValueErrors } from './value.errors.js';

/**
 * An exact decimal: `coefficient / 10^scale`. Always normalized (no trailing zero behind the point), so that equal
 * values are equal objects and hash alike. No operation here rounds.
 */
export interface Decimal {
  readonly coefficient: bigint;
  readonly scale: number;
}

export interface DecimalLimits {
  /** Decimals behind the point. */
  readonly maxScale?: number;
  /** Significant digits in all. */
  readonly maxDigits?: number;
  readonly allowNegative?: boolean;
}

/** The limits of quantities, unit prices and rates; `numeric(42,12)` holds every value within them. */
export const QUANTITY_MAX_SCALE = 12;
export const QUANTITY_MAX_DIGITS = 30;

const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
// Reading digits into a bigint takes more than linear time, so a hostile text is refused before it is read.
const MAX_TEXT_LENGTH = 128;

export const ZERO_DECIMAL: Decimal = { coefficient: 0n, scale: 0 };

/** The value `coefficient / 10^scale`, normalized. */
export function decimal(coefficient: bigint, scale = 0): Decimal {
  if (!Number.isInteger(scale) || scale < 0) throw new RangeError(`A decimal cannot have scale ${scale}`);
  let digits = coefficient;
  let left = scale;
  while (left > 0 && digits % 10n === 0n) {
    digits /= 10n;
    left -= 1;
  }
  return { coefficient: digits, scale: left };
}

/** Reads a decimal string. Zeros at the end of the fraction count for nothing: PostgreSQL pads with them. */
export function parseDecimal(text: unknown, limits: DecimalLimits = {}): Result<Decimal> {
  const { maxScale = QUANTITY_MAX_SCALE, maxDigits = QUANTITY_MAX_DIGITS, allowNegative = false } = limits;
  const match = typeof text === 'string' && text.length <= MAX_TEXT_LENGTH ? DECIMAL.exec(text) : null;
  if (!match) return err(ValueErrors.DECIMAL_INVALID({ detail: 'The value is not a decimal string such as "12.5"' }));

  const [, sign = '', whole = '', fraction = ''] = match;
  const value = decimal(BigInt(sign + whole + fraction), fraction.length);
  if (sign !== '' && !allowNegative) return outOfRange('The value must not be negative');
  if (value.scale > maxScale) return outOfRange(`The value has more than ${maxScale} decimals`);
  if (digitsOf(value) > maxDigits) return outOfRange(`The value has more than ${maxDigits} digits`);
  return ok(value);
}

/** Plain notation, never an exponent. `minScale` pads with zeros, as `7.50` for a price in dollars. */
export function decimalToString(value: Decimal, minScale = 0): string {
  const scale = Math.max(value.scale, minScale);
  const digits = absolute(atScale(value, scale))
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const sign = value.coefficient < 0n ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
}

export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return decimal(atScale(a, scale) + atScale(b, scale), scale);
}

export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  return addDecimal(a, negateDecimal(b));
}

export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  return decimal(a.coefficient * b.coefficient, a.scale + b.scale);
}

export function negateDecimal(value: Decimal): Decimal {
  return { coefficient: -value.coefficient, scale: value.scale };
}

/** Below zero when `a < b`, zero when equal, above zero when `a > b`. */
export function compareDecimal(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale);
  const difference = atScale(a, scale) - atScale(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function maxDecimal(a: Decimal, b: Decimal): Decimal {
  return compareDecimal(a, b) >= 0 ? a : b;
}

export function isZeroDecimal(value: Decimal): boolean {
  return value.coefficient === 0n;
}

function atScale(value: Decimal, scale: number): bigint {
  return value.coefficient * 10n ** BigInt(scale - value.scale);
}

function digitsOf(value: Decimal): number {
  return absolute(value.coefficient).toString().length;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function outOfRange(detail: string): Result<never> {
  return err(ValueErrors.DECIMAL_OUT_OF_RANGE({ detail }));
}
