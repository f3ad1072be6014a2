import { compareDecimal, parseCurrency, type Currency, type Decimal, type Result, ZERO_DECIMAL } from '@biplane/kernel';
import type { MeterPricing, PlanPricing, Proration } from './input.js';
import { at, Mistakes } from './mistakes.js';
import { readMeterDiscounts } from './parse-discounts.js';
import { parseMeterPrice } from './prices/registry.js';
import { PricingErrors } from './pricing.errors.js';
import type { MeterRequest, PlanPricingRequest } from './request.js';

const PRORATIONS: readonly Proration[] = ['day', 'second'];

/** Reads what a plan version says about money; the catalog calls it too, so that no unpriceable version is published. */
export function parsePlanPricing(request: PlanPricingRequest, pointer = ''): Result<PlanPricing> {
  const mistakes = new Mistakes();
  return mistakes.result(readPlanPricing(request, pointer, mistakes));
}

/** Null after a mistake without which nothing else can be read was noted. */
export function readPlanPricing(request: PlanPricingRequest, pointer: string, mistakes: Mistakes): PlanPricing | null {
  const currency = mistakes.take<Currency | null>(at(pointer, 'currency'), parseCurrency(request.currency), null);
  if (currency === null) return null;
  if (request.interval !== undefined && request.interval !== 'month') {
    const detail = 'The interval of a plan is "month"';
    mistakes.note(at(pointer, 'interval'), PricingErrors.INTERVAL_UNSUPPORTED({ detail }));
  }
  const { setupFee, minimumCommitment } = request;
  const setupAt = at(pointer, 'setupFee');
  return {
    currency,
    proration: readProration(request.proration, at(pointer, 'proration'), mistakes),
    baseFee: mistakes.amount(at(pointer, 'baseFee'), request.baseFee, currency),
    setupFee: mistakes.whenGiven(setupFee, () => mistakes.amount(setupAt, setupFee, currency)) ?? ZERO_DECIMAL,
    ...readBounds({ minimumCommitment, maximum: request.maximum }, pointer, currency, mistakes),
    ...readModules(request.modules ?? [], at(pointer, 'modules'), mistakes),
    meters: readMeters(request.meters ?? [], at(pointer, 'meters'), currency, mistakes),
  };
}

function readProration(text: string | undefined, pointer: string, mistakes: Mistakes): Proration {
  if (text === undefined) return 'day';
  const proration = PRORATIONS.find((known) => known === text);
  if (!proration)
    mistakes.note(pointer, PricingErrors.INPUT_INVALID({ detail: 'Proration is by "day" or by "second"' }));
  return proration ?? 'day';
}

/** A lower and an upper bound, in this order; each may be absent. */
function readBounds<Name extends string>(
  bounds: Readonly<Record<Name, string | null | undefined>>,
  pointer: string,
  currency: Currency,
  mistakes: Mistakes,
): { readonly [N in Name]?: Decimal } {
  const read = Object.entries<string | null | undefined>(bounds).map(([name, text]) => {
    const value = mistakes.whenGiven(text, () => mistakes.amount(at(pointer, name), text, currency));
    return { name, value };
  });
  const [minimum, maximum] = read;
  if (minimum?.value && maximum?.value && compareDecimal(minimum.value, maximum.value) > 0) {
    const detail = 'What is owed at least is more than what is owed at most';
    mistakes.note(at(pointer, minimum.name), PricingErrors.BOUNDS_CROSSED({ detail }));
  }
  const given = read.flatMap(({ name, value }) => (value ? [[name, value]] : []));
  return Object.fromEntries(given) as { readonly [N in Name]?: Decimal };
}

function readModules(
  requests: NonNullable<PlanPricingRequest['modules']>,
  pointer: string,
  mistakes: Mistakes,
): Pick<PlanPricing, 'modules' | 'dailyPrices'> {
  const modules = requests.map(({ module }) => module);
  mistakes.refuseRepeats(modules, (index) => at(pointer, index, 'module'));
  const dailyPrices = requests.flatMap(({ module, dailyPrice }, index) => {
    const price = mistakes.whenGiven(dailyPrice, () => mistakes.decimal(at(pointer, index, 'dailyPrice'), dailyPrice));
    return price ? [{ module, price }] : [];
  });
  return { modules, ...(dailyPrices.length > 0 && { dailyPrices }) };
}

function readMeters(
  requests: readonly MeterRequest[],
  pointer: string,
  currency: Currency,
  mistakes: Mistakes,
): readonly MeterPricing[] {
  mistakes.refuseRepeats(
    requests.map((request) => request.meter),
    (index) => at(pointer, index, 'meter'),
  );
  return requests.flatMap((request, index) => {
    const here = at(pointer, index);
    const { minimum, maximum } = request;
    const included =
      request.included === undefined ? ZERO_DECIMAL : mistakes.decimal(at(here, 'included'), request.included);
    const price = parseMeterPrice(request.price, { mistakes, pointer: at(here, 'price'), currency });
    const discounts = readMeterDiscounts(request.discounts, at(here, 'discounts'), currency, mistakes);
    const bounds = readBounds({ minimum, maximum }, here, currency, mistakes);
    if (price === null) return [];
    const { meter, name = meter } = request;
    return [{ meter, name, included, price, ...(discounts && { discounts }), ...bounds }];
  });
}
