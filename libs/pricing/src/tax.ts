import type { Period } from '@biplane/billing-calendar';
import {
  decimal,
  decimalToString,
  moneyFromRational,
  moneyToDecimal,
  moneyToJson,
  multiplyDecimal,
  rationalFromDecimal,
  type Money,
} from '@biplane/kernel';
import type { Line, TaxRow } from './bill.js';
import type { TaxInput } from './input.js';
import { lineOf } from './line.js';

/** Each tax on the whole subtotal, rounded once; none is taken on another. */
export function taxRow({ code, rate }: TaxInput, base: Money): TaxRow {
  const exact = multiplyDecimal(moneyToDecimal(base), rate);
  return { code, rate, base, amount: moneyFromRational(rationalFromDecimal(exact), base.currency) };
}

export function taxLine({ code, name, rate }: TaxInput, { base, amount }: TaxRow, period: Period): Line {
  const quantity = decimal(1n);
  const text = `${percent(rate)} % of ${moneyToJson(base).amount} ${base.currency}`;
  return lineOf(
    {
      kind: 'tax',
      subject: code,
      deployment: null,
      resourceKind: code,
      description: name,
      quantity,
      unitPrice: null,
      explanation: [{ text, quantity, amount }],
    },
    base.currency,
    period,
  );
}

function percent(rate: TaxInput['rate']): string {
  return decimalToString(multiplyDecimal(rate, decimal(100n)));
}
