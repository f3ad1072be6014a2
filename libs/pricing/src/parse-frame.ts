import { clip, type OpenPeriod, type Period, type Stretches } from '@biplane/billing-calendar';
import type { Currency } from '@biplane/kernel';
import { at, type Mistakes } from './mistakes.js';
import { PricingErrors } from './pricing.errors.js';

/** What everything in a request is read in. */
export interface BillFrame {
  readonly currency: Currency;
  readonly period: Period;
}

/** The part of the records that lies in the period, overlaps united. */
export function readStretches(
  records: readonly OpenPeriod[],
  pointer: string,
  period: Period,
  mistakes: Mistakes,
): Stretches {
  const backwards = records.findIndex(({ from, to }) => !(from.getTime() <= (to ?? from).getTime()));
  if (backwards < 0) return clip(records, period);
  const detail = 'A stretch of time does not end before it starts';
  mistakes.note(at(pointer, backwards), PricingErrors.PERIOD_INVALID({ detail }));
  return [];
}

export function refuseOtherCurrency(currency: string, billed: Currency, pointer: string, mistakes: Mistakes): void {
  if (currency === billed) return;
  mistakes.note(
    pointer,
    PricingErrors.CURRENCY_MISMATCH({ detail: `The bill is in ${billed}, this is in ${currency}` }),
  );
}
