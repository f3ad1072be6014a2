import { currencyExponent, parseCurrency, type Currency } from './currency.js';
import { decimal, decimalToString, parseDecimal, type Decimal } from './decimal.js';
import type { Rational } from './rational.js';
import { err, ok, type Result } from './result.js';
import { roundHalfAway } from './rounding.js';
import { ValueErrors } from './value.errors.js';

/** An amount in integer minor units. Arithmetic on two currencies throws: it is a bug, never a wish of a caller. */
export interface Money {
  readonly minor: bigint;
  readonly currency: Currency;
}

/** Money on the wire: `{"amount":"64.22","currency":"USD"}`, always with the decimals of the currency. */
export interface MoneyJson {
  readonly amount: string;
  readonly currency: string;
}

export function money(minor: bigint, currency: Currency): Money {
  return { minor, currency };
}

export function zeroMoney(currency: Currency): Money {
  return money(0n, currency);
}

/** Exact: a value with more decimals than its currency is refused, never rounded. */
export function moneyFromDecimal(value: Decimal, currency: Currency): Result<Money> {
  const exponent = currencyExponent(currency);
  if (value.scale > exponent) {
    return err(ValueErrors.MONEY_SCALE({ detail: `An amount in ${currency} has at most ${exponent} decimals` }));
  }
  return ok(money(value.coefficient * 10n ** BigInt(exponent - value.scale), currency));
}

/** Rounds a finished component, half away from zero. */
export function moneyFromRational(value: Rational, currency: Currency): Money {
  return money(roundHalfAway(value, currencyExponent(currency)), currency);
}

export function moneyToDecimal(value: Money): Decimal {
  return decimal(value.minor, currencyExponent(value.currency));
}

export function moneyToJson(value: Money): MoneyJson {
  const exponent = currencyExponent(value.currency);
  return { amount: decimalToString(moneyToDecimal(value), exponent), currency: value.currency };
}

export function parseMoney(json: MoneyJson): Result<Money> {
  const currency = parseCurrency(json.currency);
  if (!currency.ok) return currency;
  const amount = parseDecimal(json.amount, { allowNegative: true });
  return amount.ok ? moneyFromDecimal(amount.value, currency.value) : amount;
}

export function addMoney(a: Money, b: Money): Money {
  return money(a.minor + inCurrency(a.currency, b), a.currency);
}

export function subtractMoney(a: Money, b: Money): Money {
  return money(a.minor - inCurrency(a.currency, b), a.currency);
}

export function negateMoney(value: Money): Money {
  return money(-value.minor, value.currency);
}

/** Needs the currency, since the sum of nothing has one too. */
export function sumMoney(values: Iterable<Money>, currency: Currency): Money {
  let minor = 0n;
  for (const value of values) minor += inCurrency(currency, value);
  return money(minor, currency);
}

/** Below zero when `a < b`, zero when equal, above zero when `a > b`. */
export function compareMoney(a: Money, b: Money): -1 | 0 | 1 {
  const difference = a.minor - inCurrency(a.currency, b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function inCurrency(currency: Currency, value: Money): bigint {
  if (value.currency !== currency) throw new Error(`Cannot mix ${currency} with ${value.currency}`);
  return value.minor;
}
