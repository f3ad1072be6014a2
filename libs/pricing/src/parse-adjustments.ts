import { durationMs } from '@biplane/billing-calendar';
import { currencyExponent, moneyFromDecimal, zeroMoney, type Currency, type Money } from '@biplane/kernel';
import type { AdjustmentInput } from './input.js';
import { at, type Mistakes } from './mistakes.js';
import { PricingErrors } from './pricing.errors.js';
import type { AdjustmentRequest } from './request.js';

/** Reads what late usage changes of earlier periods; each deployment, meter and period stands once. */
export function readAdjustments(
  requests: readonly AdjustmentRequest[],
  currency: Currency,
  mistakes: Mistakes,
): readonly AdjustmentInput[] {
  const identities = requests.map(({ ref, meter, period }) => `${ref}/${meter}/${period.from.getTime()}`);
  mistakes.refuseRepeats(identities, (index) => at('/adjustments', index));
  const adjustments = requests.map((request, index) => {
    const pointer = at('/adjustments', index);
    if (request.currency !== currency) {
      const detail = `The bill is in ${currency}, what was invoiced in ${request.currency}`;
      mistakes.note(at(pointer, 'currency'), PricingErrors.CURRENCY_MISMATCH({ detail }));
    }
    if (durationMs(request.period) <= 0) {
      mistakes.note(at(pointer, 'period'), PricingErrors.PERIOD_INVALID({ detail: 'The period ends after it starts' }));
    }
    const { ref, meter, name = meter, period } = request;
    return {
      ref,
      meter,
      name,
      period,
      quantity: mistakes.decimal(at(pointer, 'quantity'), request.quantity, { ...AS_INVOICED, maxScale: 12 }),
      due: readAmount(request.due, at(pointer, 'due'), currency, mistakes),
      invoiced: readAmount(request.invoiced, at(pointer, 'invoiced'), currency, mistakes),
    };
  });
  return adjustments.sort(byPeriod);
}

function byPeriod(a: AdjustmentInput, b: AdjustmentInput): number {
  return a.period.from.getTime() - b.period.from.getTime() || compare(a.ref, b.ref) || compare(a.meter, b.meter);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What was invoiced may be below zero once corrected, and has as many digits as a bill may have. */
const AS_INVOICED = { allowNegative: true, maxDigits: 42 } as const;

function readAmount(text: string, pointer: string, currency: Currency, mistakes: Mistakes): Money {
  const amount = mistakes.decimal(pointer, text, { ...AS_INVOICED, maxScale: currencyExponent(currency) });
  return mistakes.take(pointer, moneyFromDecimal(amount, currency), zeroMoney(currency));
}
