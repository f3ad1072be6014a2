import { decimal, isZeroDecimal, moneyFromRational, rationalFromDecimal } from '@biplane/kernel';
import { lineOf } from '../line.js';
import type { Charge } from './charge.js';

/** Once, whole, in the period in which the deployment was first ready; never prorated. */
export const setupFee: Charge = ({ firstPeriod, plan, planCode, planName, ref }, context) => {
  const due = firstPeriod && context.chargeable.length > 0 && !isZeroDecimal(plan.setupFee);
  if (!due) return [];
  const quantity = decimal(1n);
  const amount = moneyFromRational(rationalFromDecimal(plan.setupFee), context.currency);
  const line = lineOf(
    {
      kind: 'setup',
      subject: planCode,
      deployment: ref,
      resourceKind: planCode,
      description: `${planName}, setup fee`,
      quantity,
      unitPrice: plan.setupFee,
      explanation: [{ text: 'once, in the first period', quantity, amount }],
    },
    context.currency,
    context.period,
  );
  return [line];
};
