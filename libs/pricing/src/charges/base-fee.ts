import { decimal } from '@biplane/kernel';
import { lineOf } from '../line.js';
import type { Charge } from './charge.js';
import { prorate } from './prorated.js';

/** The plan's fee for the period, for the share of it that is chargeable. */
export const baseFee: Charge = (deployment, context) => {
  const { plan, planCode, planName, ref } = deployment;
  const line = lineOf(
    {
      kind: 'plan_base',
      subject: planCode,
      deployment: ref,
      resourceKind: planCode,
      description: `${planName}, base fee`,
      ...prorate(plan.baseFee, decimal(1n), context.chargeable, plan.proration, context),
    },
    context.currency,
    context.period,
  );
  return [line];
};
