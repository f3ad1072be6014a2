import { decimal, isZeroDecimal } from '@biplane/kernel';
import { exactMoney } from '../component.js';
import type { DeploymentInput } from '../input.js';
import { lineOf } from '../line.js';
import type { Charge, ChargeContext } from './charge.js';

/** Once, whole, in the period of the first instant that is charged; never prorated. */
export const setupFee: Charge = (deployment, context) => {
  const terms = setupTerms(deployment, context);
  if (terms === null || isZeroDecimal(terms.plan.setupFee)) return [];
  const { code, name, plan } = terms;
  const quantity = decimal(1n);
  const line = lineOf(
    {
      kind: 'setup',
      subject: code,
      deployment: deployment.ref,
      resourceKind: code,
      description: `${name}, setup fee`,
      quantity,
      unitPrice: plan.setupFee,
      explanation: [
        { text: 'once, in the first period', quantity, amount: exactMoney(plan.setupFee, context.currency) },
      ],
    },
    context.currency,
    context.period,
  );
  return [line];
};

/** The plan in force at the first charged instant; null when that is not in this period. */
function setupTerms({ firstPeriod, previousPlans = [] }: DeploymentInput, { chargeable, plans }: ChargeContext) {
  const first = chargeable[0];
  if (!firstPeriod || !first) return null;
  const index = previousPlans.findIndex(({ until }) => first.from < until);
  // -1 when none before it was still in force: that is the last.
  return plans.at(index) ?? null;
}
