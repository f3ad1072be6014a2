import type { Period } from '@biplane/billing-calendar';
import {
  addDecimal,
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
import type { AdjustmentRequest, Line, LineKind } from '@biplane/pricing';

/** What follows from usage in a bill: a price of it, or what a commitment, a maximum or a discount makes of that. */
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

const FOLLOWS_FROM_USAGE: readonly LineKind[] = ['overage', 'commitment', 'discount'];

/** The lines that another usage would change; only those of the usage itself have a quantity of it. */
export function ratedUsage(lines: readonly Line[]): RatedUsage[] {
  return lines
    .filter(({ kind }) => FOLLOWS_FROM_USAGE.includes(kind))
    .map(({ kind, deployment, resourceKind, quantity, amount }) => {
      return { deployment, resourceKind, quantity: kind === 'overage' ? quantity : ZERO_DECIMAL, amount };
    });
}

/** A digit more than any sum of invoiced quantities has. */
const QUANTITY_DIGITS_MAX = 42;

/** What late usage changes of a period that is invoiced; what did not change is in neither, so that nothing is billed twice. */
export interface LateUsage {
  /** Lines of the next invoice: all changes of a period that comes to as much as was invoiced, or more. */
  readonly adjustments: readonly AdjustmentRequest[];
  /** What came to less, of a period that comes to less: for a credit note, never a line. */
  readonly decreases: readonly AdjustmentRequest[];
}

/** For each deployment and what is charged of it, what its use comes to now less what was invoiced for it. */
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
    const key = keyOf(deployment, resourceKind);
    const known = entries.get(key) ?? nothing(deployment, resourceKind);
    entries.set(key, {
      ...known,
      quantity: addDecimal(known.quantity, quantity),
      due: addDecimal(known.due, moneyToDecimal(amount)),
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
  const sum = changed.reduce(
    (total, { due, invoiced: before }) => addDecimal(total, subtractDecimal(due, before)),
    ZERO_DECIMAL,
  );
  // What a commitment gives back of dearer usage stands beside it on one bill, not on a credit note.
  const isLess = compareDecimal(sum, ZERO_DECIMAL) < 0;
  const asked = (isDecrease: boolean) =>
    changed
      .filter(({ due, invoiced: before }) => (isLess && compareDecimal(due, before) < 0) === isDecrease)
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
