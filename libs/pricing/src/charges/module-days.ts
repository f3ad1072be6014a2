import { daysAmong, intersect } from '@biplane/billing-calendar';
import { currencyExponent, decimal, decimalToString, type Decimal } from '@biplane/kernel';
import type { PlanStretch } from '../activity.js';
import type { Line } from '../bill.js';
import { roundedProduct } from '../component.js';
import type { DeploymentInput } from '../input.js';
import { lineOf } from '../line.js';
import type { Charge, ChargeContext } from './charge.js';

/** Each module with a daily price, for the local days at any instant of which it was enabled and the deployment chargeable. */
export const moduleDays: Charge = (deployment, context) =>
  context.plans.flatMap((stretch) =>
    (stretch.plan.dailyPrices ?? []).map(({ module, price }) =>
      moduleLine(module, price, stretch, deployment, context),
    ),
  );

function moduleLine(
  module: string,
  price: Decimal,
  { subject: [, ...until], chargeableDays }: PlanStretch,
  { ref, enabled = [] }: DeploymentInput,
  { currency, period, days }: ChargeContext,
): Line {
  const stretches = enabled.find((one) => one.module === module)?.stretches ?? [];
  const { part } = daysAmong(intersect(chargeableDays, stretches), period, days);
  const quantity = decimal(BigInt(part));
  const text = `${part} days x ${decimalToString(price, currencyExponent(currency))} ${currency}`;
  return lineOf(
    {
      kind: 'module_days',
      subject: [module, ...until],
      deployment: ref,
      resourceKind: module,
      description: `${module}, days enabled`,
      quantity,
      unitPrice: price,
      explanation: [{ text, quantity, amount: roundedProduct(price, quantity, currency) }],
    },
    currency,
    period,
  );
}
