import { createHash } from 'node:crypto';
import type { Result } from '@biplane/kernel';
import { ok } from '@biplane/kernel';
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
