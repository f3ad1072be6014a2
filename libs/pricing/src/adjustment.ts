import { moneyToJson, negateMoney, type Money } from '@biplane/kernel';
import type { Line } from './bill.js';
import type { AdjustmentInput } from './input.js';
import { lineOf } from './line.js';

/**
 * What the usage of a period that is invoiced comes to now, less what was invoiced for it: above zero when more was owed,
 * below when less was. The line is of the period in which it was used, and is taxed with the bill on which it stands.
 */
export function adjustmentLine({ ref, meter, name, period, quantity, due, invoiced }: AdjustmentInput): Line {
  return lineOf(
    {
      kind: 'adjustment',
      subject: `${meter}@${period.from.toISOString()}`,
      deployment: ref,
      resourceKind: meter,
      description: `${name}, late usage of an invoiced period`,
      quantity,
      unitPrice: null,
      explanation: [
        { text: `rated again: ${said(due)}`, quantity: null, amount: due },
        { text: `invoiced before: ${said(invoiced)}`, quantity: null, amount: negateMoney(invoiced) },
      ],
    },
    due.currency,
    period,
  );
}

function said(money: Money): string {
  return `${moneyToJson(money).amount} ${money.currency}`;
}
