import type { Period } from '@biplane/billing-calendar';
import {
  compareDecimal,
  currencyExponent,
  decimal,
  decimalToString,
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

/** What late usage changes of a period that is invoiced; what did not change is in neither, so that nothing is billed twice. */
export interface LateUsage {
  /** What comes to more than was invoiced, or to as much for another quantity: lines of the next invoice. */
  readonly adjustments: readonly AdjustmentRequest[];
  /** What comes to less: for a credit note, never a line. */
  readonly decreases: readonly AdjustmentRequest[];
}

/** For each deployment and meter, what its use comes to now less what was invoiced for it. */
export function lateUsage(
  period: Period,
  currency: Currency,
  rated: readonly RatedUsage[],
  invoiced: readonly InvoicedAmount[],
  names: ReadonlyMap<string, string>,
): LateUsage {
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
  const changed = [...entries.values()].filter(
    ({ quantity, quantityBefore, due, invoiced: before }) =>
      compareDecimal(quantity, quantityBefore) !== 0 || compareDecimal(due, before) !== 0,
  );
  const asked = (isDecrease: boolean) =>
    changed
      .filter(({ due, invoiced: before }) => compareDecimal(due, before) < 0 === isDecrease)
      .map((entry): AdjustmentRequest => ({
        ref: entry.ref,
        meter: entry.meter,
        name: names.get(entry.meter) ?? entry.meter,
        period,
        currency,
        quantity: decimalToString(subtractDecimal(entry.quantity, entry.quantityBefore)),
        due: decimalToString(entry.due, exponent),
        invoiced: decimalToString(entry.invoiced, exponent),
      }));
  return { adjustments: asked(false), decreases: asked(true) };
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
