import { ZERO_DECIMAL } from '@biplane/kernel';
import type { AddonInput, DeploymentInput, MeterUsage, PlanPricing } from './input.js';
import { at, type Mistakes } from './mistakes.js';
import { readStretches, refuseOtherCurrency, type BillFrame } from './parse-frame.js';
import { readPlans, type PlansInForce } from './parse-plans.js';
import { parseAddonPrice } from './prices/registry.js';
import { PricingErrors } from './pricing.errors.js';
import type { AddonRequest, DeploymentRequest } from './request.js';

/** Null after a mistake without which nothing else can be read was noted. */
export function readDeployment(
  request: DeploymentRequest,
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): DeploymentInput | null {
  const read = readPlans(request, pointer, frame, mistakes);
  if (read === null) return null;
  const { plans, meterNames } = read;
  return {
    ref: request.ref,
    ...plans,
    addons: readAddons(request.addons ?? [], at(pointer, 'addons'), frame, mistakes),
    active: readStretches(request.active, at(pointer, 'active'), frame.period, mistakes),
    suspended: readStretches(request.suspended ?? [], at(pointer, 'suspended'), frame.period, mistakes),
    ...readEnabled(request.modules ?? {}, plans, at(pointer, 'modules'), frame, mistakes),
    firstPeriod: request.firstPeriod ?? false,
    usage: readUsage(request, plans.plan, meterNames, at(pointer, 'usage'), mistakes),
  };
}

function readAddons(
  requests: readonly AddonRequest[],
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): readonly AddonInput[] {
  mistakes.refuseRepeats(
    requests.map(({ code, attachment }) => (attachment === undefined ? code : JSON.stringify([code, attachment]))),
    (index) => at(pointer, index, 'code'),
  );
  return requests.flatMap((request, index) => {
    const here = at(pointer, index);
    refuseOtherCurrency(request.currency ?? frame.currency, frame.currency, at(here, 'currency'), mistakes);
    const quantity = mistakes.decimal(at(here, 'quantity'), request.quantity);
    const price = parseAddonPrice(request.price, { mistakes, pointer: at(here, 'price'), currency: frame.currency });
    const attached = request.attached
      ? readStretches(request.attached, at(here, 'attached'), frame.period, mistakes)
      : [frame.period];
    const { code, attachment, name = code, resourceKind } = request;
    if (price === null) return [];
    return [{ code, ...(attachment !== undefined && { attachment }), name, resourceKind, quantity, price, attached }];
  });
}

function readUsage(
  request: DeploymentRequest,
  plan: PlanPricing,
  known: ReadonlySet<string>,
  pointer: string,
  mistakes: Mistakes,
): readonly MeterUsage[] {
  const usage = new Map(Object.entries(request.usage ?? {}));
  const licenseVersions = new Map(Object.entries(request.licenseVersions ?? {}));
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

/** When the modules were enabled that some plan of the period charges by the day; the others cost nothing. */
function readEnabled(
  modules: NonNullable<DeploymentRequest['modules']>,
  { plan, previousPlans = [] }: PlansInForce,
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): Pick<DeploymentInput, 'enabled'> {
  const plans = [plan, ...previousPlans.map((previous) => previous.plan)];
  const known = new Set(plans.flatMap((one) => one.modules));
  const charged = new Set(plans.flatMap(({ dailyPrices = [] }) => dailyPrices.map(({ module }) => module)));
  const enabled = Object.entries(modules).flatMap(([module, records]) => {
    const here = at(pointer, module);
    if (!known.has(module)) {
      const detail = `The plan has no module "${module}"`;
      mistakes.note(here, PricingErrors.MODULE_NOT_IN_PLAN({ detail }));
    }
    const stretches = readStretches(records, here, frame.period, mistakes);
    return charged.has(module) && stretches.length > 0 ? [{ module, stretches }] : [];
  });
  enabled.sort((a, b) => (a.module < b.module ? -1 : 1));
  return enabled.length > 0 ? { enabled } : {};
}
