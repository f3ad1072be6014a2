import { durationMs, parseTimeZone, type Period } from '@biplane/billing-calendar';
import { isZeroDecimal, parseCurrency, type Currency, type Result } from '@biplane/kernel';
import type { BillInput, TaxInput } from './input.js';
import { at, Mistakes } from './mistakes.js';
import { readAdjustments } from './parse-adjustments.js';
import { readDeployment } from './parse-deployment.js';
import { readTenantDiscounts } from './parse-discounts.js';
import { PricingErrors } from './pricing.errors.js';
import type { BillRequest, TaxRequest } from './request.js';

/** Days are counted one by one, so a period has a bound. */
const PERIOD_DAYS_MAX = 3_660;
const DAY_MS = 86_400_000;

/** Reads and checks the whole request; all mistakes are reported at once, each at its pointer. */
export function parseBillRequest(request: BillRequest): Result<BillInput> {
  const mistakes = new Mistakes();
  const currency = mistakes.take<Currency | null>('/currency', parseCurrency(request.currency), null);
  const timeZone = mistakes.take<string | null>('/timeZone', parseTimeZone(request.timeZone), null);
  const period = readPeriod(request.period, mistakes);
  // Everything below is read in this currency, zone and period.
  if (currency === null || timeZone === null || period === null) return mistakes.result<BillInput>(null);

  const discounts = readTenantDiscounts(request.discounts, '/discounts', currency, mistakes);
  mistakes.refuseRepeats(
    request.deployments.map((deployment) => deployment.ref),
    (index) => at('/deployments', index, 'ref'),
  );
  return mistakes.result({
    currency,
    timeZone,
    period,
    taxes: readTaxes(request.taxes ?? [], mistakes),
    ...(discounts && { discounts }),
    deployments: request.deployments.flatMap(
      (deployment, index) =>
        readDeployment(deployment, at('/deployments', index), { currency, period }, mistakes) ?? [],
    ),
    adjustments: readAdjustments(request.adjustments ?? [], currency, mistakes),
  });
}

function readPeriod(period: Period, mistakes: Mistakes): Period | null {
  const length = durationMs(period);
  if (length > 0 && length <= PERIOD_DAYS_MAX * DAY_MS) return period;
  const detail = `The period ends after it starts, and at most ${PERIOD_DAYS_MAX} days later`;
  mistakes.note('/period', PricingErrors.PERIOD_INVALID({ detail }));
  return null;
}

function readTaxes(requests: readonly TaxRequest[], mistakes: Mistakes): readonly TaxInput[] {
  mistakes.refuseRepeats(
    requests.map((tax) => tax.code),
    (index) => at('/taxes', index, 'code'),
  );
  return requests.map(({ code, name, rate: text, reverseCharge = false }, index) => {
    const pointer = at('/taxes', index, 'rate');
    const rate = mistakes.rate(pointer, text);
    if (reverseCharge && !isZeroDecimal(rate)) {
      const detail = 'A tax that the recipient owes has the rate "0" here';
      mistakes.note(pointer, PricingErrors.INPUT_INVALID({ detail }));
    }
    return { code, name, rate, ...(reverseCharge && { reverseCharge }) };
  });
}
