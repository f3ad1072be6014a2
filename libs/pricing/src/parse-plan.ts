import { currencyExponent, parseCurrency, type Currency, type Result, ZERO_DECIMAL } from '@biplane/kernel';
import type { MeterPricing, PlanPricing, Proration } from './input.js';
import { at, Mistakes } from './mistakes.js';
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
  refuseLaterRules(request, pointer, mistakes);
  const fee = { maxScale: currencyExponent(currency) };
  return {
    currency,
    proration: readProration(request.proration, at(pointer, 'proration'), mistakes),
    baseFee: mistakes.decimal(at(pointer, 'baseFee'), request.baseFee, fee),
    setupFee:
      request.setupFee == null ? ZERO_DECIMAL : mistakes.decimal(at(pointer, 'setupFee'), request.setupFee, fee),
    modules: (request.modules ?? []).map((module) => module.module),
    meters: readMeters(request.meters ?? [], at(pointer, 'meters'), currency, mistakes),
  };
}

function refuseLaterRules(request: PlanPricingRequest, pointer: string, mistakes: Mistakes): void {
  if (request.interval !== undefined && request.interval !== 'month') {
    mistakes.note(at(pointer, 'interval'), PricingErrors.RULE_UNSUPPORTED({ detail: 'Plans are billed by the month' }));
  }
  mistakes.refuseRule(at(pointer, 'minimumCommitment'), request.minimumCommitment);
  mistakes.refuseRule(at(pointer, 'maximum'), request.maximum);
  request.modules?.forEach((module, index) => {
    mistakes.refuseRule(at(pointer, 'modules', index, 'dailyPrice'), module.dailyPrice);
  });
}

function readProration(text: string | undefined, pointer: string, mistakes: Mistakes): Proration {
  if (text === undefined) return 'day';
  const proration = PRORATIONS.find((known) => known === text);
  if (!proration)
    mistakes.note(pointer, PricingErrors.INPUT_INVALID({ detail: 'Proration is by "day" or by "second"' }));
  return proration ?? 'day';
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
    mistakes.refuseRule(at(here, 'discounts'), request.discounts);
    mistakes.refuseRule(at(here, 'minimum'), request.minimum);
    mistakes.refuseRule(at(here, 'maximum'), request.maximum);
    const included =
      request.included === undefined ? ZERO_DECIMAL : mistakes.decimal(at(here, 'included'), request.included);
    const price = parseMeterPrice(request.price, { mistakes, pointer: at(here, 'price'), currency });
    return price ? [{ meter: request.meter, name: request.name ?? request.meter, included, price }] : [];
  });
}
