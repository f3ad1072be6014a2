import { compareMoney, decimal, moneyToJson, negateMoney, sumMoney, type Decimal, type Money } from '@biplane/kernel';
import type { PlanStretch } from '../activity.js';
import type { Line } from '../bill.js';
import type { Component } from '../component.js';
import type { DeploymentInput } from '../input.js';
import { lineOf } from '../line.js';
import type { ChargeContext } from './charge.js';
import { prorate } from './prorated.js';

/**
 * What a deployment owes at least and at most, whatever its lines come to. Each bound is that of its plans for their shares of
 * the period, each share rounded; the line is the difference. A deployment that is not charged for any time has no bounds.
 */
export function planBounds(deployment: DeploymentInput, context: ChargeContext, charged: readonly Line[]): Line[] {
  const sum = sumMoney(
    charged.map(({ amount }) => amount),
    context.currency,
  );
  const least = boundOf(({ minimumCommitment }) => minimumCommitment, 'minimum commitment', context);
  if (least.length > 0 && compareMoney(sum, totalOf(least, context)) < 0) {
    return [boundLine('commitment', 'minimum commitment', least, sum, deployment, context)];
  }
  const most = boundOf(({ maximum }) => maximum, 'maximum', context);
  // A plan without a maximum bounds nothing, so that there is none for the period in part of which it was in force.
  const isBounded = context.plans.every(({ plan, chargeable }) => plan.maximum || chargeable.length === 0);
  if (most.length > 0 && isBounded && compareMoney(sum, totalOf(most, context)) > 0) {
    return [boundLine('discount', 'maximum', most, sum, deployment, context)];
  }
  return [];
}

/** One component for each plan that has the bound and was charged for. */
function boundOf(
  pick: (plan: PlanStretch['plan']) => Decimal | undefined,
  name: string,
  context: ChargeContext,
): readonly Component[] {
  return context.plans.flatMap(({ name: planName, plan, chargeable, resolution }) => {
    const bound = pick(plan);
    if (!bound || chargeable.length === 0) return [];
    const { explanation } = prorate(bound, decimal(1n), chargeable, resolution, context);
    return explanation.map((component) => ({ ...component, text: `${planName}, ${name}: ${component.text}` }));
  });
}

function boundLine(
  kind: 'commitment' | 'discount',
  name: string,
  bound: readonly Component[],
  charged: Money,
  { ref, planCode, planName }: DeploymentInput,
  { currency, period }: ChargeContext,
): Line {
  const less = `less what is charged: ${moneyToJson(charged).amount} ${currency}`;
  return lineOf(
    {
      kind,
      subject: kind === 'discount' ? ['maximum', planCode] : planCode,
      deployment: ref,
      resourceKind: planCode,
      description: `${planName}, ${name}`,
      quantity: decimal(1n),
      unitPrice: null,
      explanation: [...bound, { text: less, quantity: null, amount: negateMoney(charged) }],
    },
    currency,
    period,
  );
}

function totalOf(components: readonly Component[], { currency }: ChargeContext): Money {
  return sumMoney(
    components.flatMap(({ amount }) => amount ?? []),
    currency,
  );
}
