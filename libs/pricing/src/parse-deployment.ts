import { clip, type OpenPeriod, type Period, type Stretches } from '@biplane/billing-calendar';
import { ZERO_DECIMAL, type Currency } from '@biplane/kernel';
import type { AddonInput, DeploymentInput, MeterUsage, PlanPricing } from './input.js';
import { at, type Mistakes } from './mistakes.js';
import { readPlanPricing } from './parse-plan.js';
import { parseAddonPrice } from './prices/registry.js';
import { PricingErrors } from './pricing.errors.js';
import type { AddonRequest, DeploymentRequest } from './request.js';

export interface BillFrame {
  readonly currency: Currency;
  readonly period: Period;
}

/** Null after a mistake without which nothing else can be read was noted. */
export function readDeployment(
  request: DeploymentRequest,
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): DeploymentInput | null {
  const plan = readPlanPricing(request.planVersion, at(pointer, 'planVersion'), mistakes);
  if (plan === null) return null;
  refuseOtherCurrency(plan.currency, frame.currency, at(pointer, 'planVersion', 'currency'), mistakes);
  refuseUnknownModules(request, plan, at(pointer, 'modules'), mistakes);
  mistakes.refuseRule(at(pointer, 'previousPlans'), request.previousPlans);
  return {
    ref: request.ref,
    planCode: request.plan.code,
    planName: request.plan.name ?? request.plan.code,
    plan,
    addons: readAddons(request.addons ?? [], at(pointer, 'addons'), frame, mistakes),
    active: readStretches(request.active, at(pointer, 'active'), frame.period, mistakes),
    suspended: readStretches(request.suspended ?? [], at(pointer, 'suspended'), frame.period, mistakes),
    firstPeriod: request.firstPeriod ?? false,
    usage: readUsage(request, plan, at(pointer, 'usage'), mistakes),
  };
}

function readAddons(
  requests: readonly AddonRequest[],
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): readonly AddonInput[] {
  mistakes.refuseRepeats(
    requests.map((addon) => addon.code),
    (index) => at(pointer, index, 'code'),
  );
  return requests.flatMap((request, index) => {
    const here = at(pointer, index);
    refuseOtherCurrency(request.currency ?? frame.currency, frame.currency, at(here, 'currency'), mistakes);
    mistakes.refuseRule(at(here, 'attachment'), request.attachment);
    const quantity = mistakes.decimal(at(here, 'quantity'), request.quantity);
    const price = parseAddonPrice(request.price, { mistakes, pointer: at(here, 'price'), currency: frame.currency });
    const attached = request.attached
      ? readStretches(request.attached, at(here, 'attached'), frame.period, mistakes)
      : [frame.period];
    const { code, name = code, resourceKind } = request;
    return price ? [{ code, name, resourceKind, quantity, price, attached }] : [];
  });
}

function readUsage(
  request: DeploymentRequest,
  plan: PlanPricing,
  pointer: string,
  mistakes: Mistakes,
): readonly MeterUsage[] {
  const usage = new Map(Object.entries(request.usage ?? {}));
  const licenseVersions = new Map(Object.entries(request.licenseVersions ?? {}));
  const known = new Set(request.planVersion.meters?.map(({ meter }) => meter));
  for (const name of usage.keys()) {
    if (known.has(name)) continue;
    const detail = `The plan has no meter "${name}", so its usage has no price`;
    mistakes.note(at(pointer, name), PricingErrors.METER_NOT_IN_PLAN({ detail }));
  }
  return plan.meters.map((meter) => {
    const text = usage.get(meter.meter);
    const used = text === undefined ? ZERO_DECIMAL : mistakes.decimal(at(pointer, meter.meter), text);
    const versions = [...(licenseVersions.get(meter.meter) ?? [])].sort((a, b) => a - b);
    return { meter, used, licenseVersions: versions };
  });
}

function readStretches(records: readonly OpenPeriod[], pointer: string, period: Period, mistakes: Mistakes): Stretches {
  const backwards = records.findIndex(({ from, to }) => !(from.getTime() <= (to ?? from).getTime()));
  if (backwards < 0) return clip(records, period);
  const detail = 'A stretch of time does not end before it starts';
  mistakes.note(at(pointer, backwards), PricingErrors.PERIOD_INVALID({ detail }));
  return [];
}

function refuseUnknownModules(
  request: DeploymentRequest,
  plan: PlanPricing,
  pointer: string,
  mistakes: Mistakes,
): void {
  for (const module of Object.keys(request.modules ?? {}).filter((name) => !plan.modules.includes(name))) {
    const detail = `The plan has no module "${module}"`;
    mistakes.note(at(pointer, module), PricingErrors.MODULE_NOT_IN_PLAN({ detail }));
  }
}

function refuseOtherCurrency(currency: string, billed: Currency, pointer: string, mistakes: Mistakes): void {
  if (currency === billed) return;
  mistakes.note(
    pointer,
    PricingErrors.CURRENCY_MISMATCH({ detail: `The bill is in ${billed}, this is in ${currency}` }),
  );
}
