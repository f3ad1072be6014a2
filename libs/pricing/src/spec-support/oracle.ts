import type {
  AddonRequest,
  BillRequest,
  DeploymentRequest,
  PlanPricingRequest,
  TenantDiscountRequest,
} from '../request.js';
import { fraction, minorUnits, times, whole, type Fraction } from './fraction.js';
import { money, oracleMeter } from './oracle-meter.js';
import { OracleTime } from './oracle-time.js';

/** A line as both sides can be written: who owes what for which, how many, how much. */
export interface OracleLine {
  readonly deployment: string | null;
  readonly kind: string;
  readonly resourceKind: string;
  readonly quantity: Fraction;
  readonly minor: bigint;
}

export interface OracleBill {
  readonly lines: readonly OracleLine[];
  readonly subtotal: bigint;
  readonly total: bigint;
}

const ONE = whole(1n);

/** A bill as the money design says it, in exact fractions and hour by hour: written without a look at the pricing code. */
export function oracleBill(request: BillRequest, decimals: number, offsetHours: number): OracleBill {
  const owed = request.deployments.flatMap((deployment) => deploymentLines(deployment, request, decimals, offsetHours));
  const discounts = discountLines(owed, request.discounts as readonly TenantDiscountRequest[], decimals);
  const lines = [...owed, ...discounts].filter(({ quantity, minor }) => quantity.top !== 0n || minor !== 0n);
  const subtotal = sum(lines);
  const taxes = (request.taxes ?? []).map(({ code, rate }) =>
    line(null, 'tax', code, ONE, minorUnits(times(money(subtotal, decimals), fraction(rate)), decimals)),
  );
  return { lines: [...lines, ...taxes], subtotal, total: subtotal + sum(taxes) };
}

function deploymentLines(
  deployment: DeploymentRequest,
  request: BillRequest,
  decimals: number,
  offsetHours: number,
): OracleLine[] {
  const { ref, planVersion, plan: last, previousPlans = [], usage = {}, addons = [] } = deployment;
  const time = new OracleTime(request.period, offsetHours, deployment);
  const plans = [...previousPlans, { plan: last, planVersion }];
  const firstMs = time.firstChargeableMs;
  const isIdle = firstMs === undefined;
  const by = planVersion.proration ?? 'day';
  const shares = plans.map((_, index) => time.share(by, index));
  const prorated = (amount: string, share: Fraction) => minorUnits(times(fraction(amount), share), decimals);
  const bound = (pick: (plan: PlanPricingRequest) => string | null | undefined) =>
    plans.reduce((all, { planVersion: one }, index) => all + prorated(pick(one) ?? '0', shares[index]!), 0n);

  const charged = [
    ...plans.map(({ plan, planVersion: one }, index) =>
      line(ref, 'plan_base', plan.code, isAny(shares[index]!), prorated(one.baseFee, shares[index]!)),
    ),
    ...addons.map((addon) => addonLine(addon, ref, time.share(by, undefined, addon.attached), decimals)),
    ...plans.flatMap(({ planVersion: one }, index) =>
      (one.modules ?? []).flatMap(({ module, dailyPrice }) => {
        if (!dailyPrice) return [];
        const days = whole(BigInt(time.days(index, deployment.modules?.[module] ?? [])));
        return [line(ref, 'module_days', module, days, minorUnits(times(fraction(dailyPrice), days), decimals))];
      }),
    ),
    ...(planVersion.meters ?? []).map((meter) => {
      const { quantity, minor } = oracleMeter(meter, usage[meter.meter] ?? '0', decimals, isIdle);
      return line(ref, 'overage', meter.meter, quantity, minor);
    }),
  ];
  const missing = bound((one) => one.minimumCommitment) - sum(charged);
  const hasMaximum = plans.every(({ planVersion: one }, index) => one.maximum || shares[index]!.top === 0n);
  const above = sum(charged) - bound((one) => one.maximum);
  const setup = firstMs === undefined ? undefined : plans[time.planAt(firstMs)];
  return [
    ...charged,
    ...(missing > 0n ? [line(ref, 'commitment', last.code, ONE, missing)] : []),
    ...(!isIdle && hasMaximum && above > 0n ? [line(ref, 'discount', last.code, ONE, -above)] : []),
    ...(deployment.firstPeriod && !isIdle && setup && minorUnits(fraction(setup.planVersion.setupFee ?? '0'), 12) > 0n
      ? [line(ref, 'setup', setup.plan.code, ONE, minorUnits(fraction(setup.planVersion.setupFee ?? '0'), decimals))]
      : []),
  ];
}

function addonLine(addon: AddonRequest, ref: string, share: Fraction, decimals: number): OracleLine {
  const price = (addon.price['amount'] ?? addon.price['unitPrice']) as string;
  const quantity = fraction(addon.quantity);
  const minor = minorUnits(times(times(fraction(price), quantity), share), decimals);
  return line(ref, 'addon', addon.resourceKind, share.top === 0n ? whole(0n) : quantity, minor);
}

function discountLines(
  owed: readonly OracleLine[],
  discounts: readonly TenantDiscountRequest[] = [],
  decimals: number,
): OracleLine[] {
  const lines = owed.filter(({ kind }) => kind !== 'setup');
  const base = sum(lines);
  if (base <= 0n) return [];
  let left = base;
  for (const discount of discounts) {
    if (discount.kind === 'amount') left -= minorUnits(fraction(discount.amount), decimals);
  }
  if (left < 0n) left = 0n;
  for (const discount of discounts) {
    if (discount.kind === 'percent')
      left -= minorUnits(times(money(left, decimals), fraction(discount.rate)), decimals);
  }
  const lowered = lines.filter(({ minor }) => minor > 0n);
  const positive = sum(lowered);
  const quotas = lowered.map(({ minor }) => ({
    cut: ((base - left) * minor) / positive,
    rest: ((base - left) * minor) % positive,
  }));
  let loose = base - left - quotas.reduce((all, { cut }) => all + cut, 0n);
  const parts = quotas.map(({ cut }) => cut);
  // Again and again the largest remainder that is left, the first of equals.
  const rests = quotas.map(({ rest }) => rest);
  for (; loose > 0n; loose -= 1n) {
    const most = rests.reduce((best, rest, index) => (rest > rests[best]! ? index : best), 0);
    parts[most]! += 1n;
    rests[most] = -1n;
  }
  return lowered.flatMap((one, index) =>
    parts[index]! > 0n ? [line(one.deployment, 'discount', one.resourceKind, ONE, -parts[index]!)] : [],
  );
}

function line(
  deployment: string | null,
  kind: string,
  resourceKind: string,
  quantity: Fraction,
  minor: bigint,
): OracleLine {
  return { deployment, kind, resourceKind, quantity, minor };
}

function isAny(share: Fraction): Fraction {
  return share.top === 0n ? whole(0n) : ONE;
}

function sum(lines: readonly OracleLine[]): bigint {
  return lines.reduce((all, { minor }) => all + minor, 0n);
}
