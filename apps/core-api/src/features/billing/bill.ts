import { createHash } from 'node:crypto';
import { ok, type MoneyJson, type Result } from '@biplane/kernel';
import {
  canonicalInput,
  parseBillRequest,
  priceBill,
  toBillJson,
  type Bill,
  type BillJson,
  type BillRequest,
} from '@biplane/pricing';

/** A computed bill as it is answered; `inputHash` names everything it was computed from. */
export type HashedBillJson = BillJson & { readonly inputHash: string };

/** A bill in both forms: exact for those who store it, JSON for those who read it. */
export interface ComputedBill {
  readonly bill: Bill;
  readonly json: HashedBillJson;
}

/** The one computation behind quotes, monthly bills and invoices. Stores nothing; the same request gives the same bytes. */
export function computeBill(request: BillRequest): Result<ComputedBill> {
  const input = parseBillRequest(request);
  if (!input.ok) return input;
  const bill = priceBill(input.value);
  const inputHash = createHash('sha256').update(canonicalInput(input.value)).digest('hex');
  return ok({ bill, json: { ...toBillJson(bill), inputHash } });
}

/** A bill that was stored with its members in another order, as it is answered: the same bytes as when it was computed. */
export function answeredBill({ lines, subtotal, taxes, total, inputHash }: HashedBillJson): HashedBillJson {
  return {
    lines: lines.map((line) => ({
      id: line.id,
      kind: line.kind,
      deployment: line.deployment,
      resourceKind: line.resourceKind,
      description: line.description,
      quantity: line.quantity,
      unitPrice: line.unitPrice,
      amount: moneyOf(line.amount),
      period: { from: line.period.from, to: line.period.to },
      explanation: line.explanation.map(({ text, quantity, amount }) => ({
        text,
        quantity,
        amount: amount && moneyOf(amount),
      })),
    })),
    subtotal: moneyOf(subtotal),
    taxes: taxes.map(({ code, rate, base, amount }) => ({ code, rate, base: moneyOf(base), amount: moneyOf(amount) })),
    total: moneyOf(total),
    inputHash,
  };
}

function moneyOf({ amount, currency }: MoneyJson): MoneyJson {
  return { amount, currency };
}
