import type { Period } from '@biplane/billing-calendar';
import {
  currencyExponent,
  decimal,
  decimalToString,
  isZeroDecimal,
  moneyToDecimal,
  orThrow,
  parseDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
  type Currency,
  type Decimal,
  type Money,
} from '@biplane/kernel';
import type { AdjustmentRequest } from '@biplane/pricing';

/** A line of usage, as the pricing of a period gives it. */
export interface RatedUsage {
  readonly deployment: string | null;
  readonly resourceKind: string;
  readonly quantity: Decimal;
  readonly amount: Money;
}

export interface InvoicedAmount {
  readonly deploymentId: string;
  readonly meter: string;
  readonly quantity: string;
  readonly amountMinor: bigint;
}

/** A digit more than any sum of invoiced quantities has. */
const QUANTITY_DIGITS_MAX = 42;

/**
 * What late usage changes of a period that is invoiced: for each deployment and meter, what its use comes to now less what
 * was invoiced for it. What did not change is left out, so that nothing is ever billed a second time.
 */
export function lateUsage(
  period: Period,
  currency: Currency,
  rated: readonly RatedUsage[],
  invoiced: readonly InvoicedAmount[],
  names: ReadonlyMap<string, string>,
): AdjustmentRequest[] {
  const exponent = currencyExponent(currency);
  const entries = new Map<string, Entry>();
  for (const { deployment, resourceKind, quantity, amount } of rated) {
    if (deployment === null) continue;
    entries.set(keyOf(deployment, resourceKind), {
      ...nothing(deployment, resourceKind),
      quantity,
      due: moneyToDecimal(amount),
    });
  }
  for (const { deploymentId, meter, quantity, amountMinor } of invoiced) {
    const key = keyOf(deploymentId, meter);
    entries.set(key, {
      ...(entries.get(key) ?? nothing(deploymentId, meter)),
      quantityBefore: orThrow(parseDecimal(quantity, { allowNegative: true, maxDigits: QUANTITY_DIGITS_MAX })),
      invoiced: decimal(amountMinor, exponent),
    });
  }
  return [...entries.values()].flatMap((entry) => {
    const quantity = subtractDecimal(entry.quantity, entry.quantityBefore);
    if (isZeroDecimal(quantity) && isZeroDecimal(subtractDecimal(entry.due, entry.invoiced))) return [];
    const { ref, meter } = entry;
    return [
      {
        ref,
        meter,
        name: names.get(meter) ?? meter,
        period,
        currency,
        quantity: decimalToString(quantity),
        due: decimalToString(entry.due, exponent),
        invoiced: decimalToString(entry.invoiced, exponent),
      },
    ];
  });
}

interface Entry {
  readonly ref: string;
  readonly meter: string;
  readonly quantity: Decimal;
  readonly due: Decimal;
  readonly quantityBefore: Decimal;
  readonly invoiced: Decimal;
}

function nothing(ref: string, meter: string): Entry {
  return {
    ref,
    meter,
    quantity: ZERO_DECIMAL,
    due: ZERO_DECIMAL,
    quantityBefore: ZERO_DECIMAL,
    invoiced: ZERO_DECIMAL,
  };
}

function keyOf(deploymentId: string, meter: string): string {
  return `${deploymentId}|${meter}`;
}
