import type { Period } from '@biplane/billing-calendar';
import { decimal, decimalToString, moneyToDecimal, moneyToJson, multiplyDecimal, type Money } from '@biplane/kernel';
import type { Line, TaxRow } from './bill.js';
import { roundedProduct } from './component.js';
import type { TaxInput } from './input.js';
import { lineOf } from './line.js';

/** Each tax on the whole subtotal, rounded once; none is taken on another. */
export function taxRow({ code, rate }: TaxInput, base: Money): TaxRow {
  return { code, rate, base, amount: roundedProduct(rate, moneyToDecimal(base), base.currency) };
}

export function taxLine({ code, name, rate, reverseCharge }: TaxInput, { base, amount }: TaxRow, period: Period): Line {
  const quantity = decimal(1n);
  const of = `of ${moneyToJson(base).amount} ${base.currency}`;
  const text = reverseCharge ? `reverse charge: the recipient owes the tax ${of}` : `${percent(rate)} % ${of}`;
  return lineOf(
    {
      kind: 'tax',
      subject: code,
      deployment: null,
      resourceKind: code,
      description: reverseCharge ? `${name}, reverse charge` : name,
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
