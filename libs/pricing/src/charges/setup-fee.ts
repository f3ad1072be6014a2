import { decimal, isZeroDecimal } from '@biplane/kernel';
import { exactMoney } from '../component.js';
import type { DeploymentInput } from '../input.js';
import { lineOf } from '../line.js';
import type { Charge, ChargeContext } from './charge.js';

/** Once, whole, in the period in which the deployment was first ready; never prorated. */
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

/** The plan in force when the deployment was first ready; null when that was not in this period, or nothing of it is charged. */
function setupTerms(
  { firstPeriod, firstReadyAt, previousPlans = [] }: DeploymentInput,
  { chargeable, plans }: ChargeContext,
) {
  const first = chargeable[0];
  if (!firstPeriod || !first) return null;
  const readyAt = firstReadyAt ?? first.from;
  const index = previousPlans.findIndex(({ until }) => readyAt < until);
  // -1 when none before it was still in force: that is the last.
  return plans.at(index) ?? null;
}
