import { expect } from '@jest/globals';
import { insistently } from './persist.js';
import type { Month } from './month.js';
import type { E2eStack } from './stack.js';

interface Money {
  readonly amount: string;
  readonly currency: string;
}

export interface Bill {
  readonly lines: readonly { readonly kind: string; readonly quantity: string; readonly amount: Money }[];
  readonly subtotal: Money;
  readonly taxes: readonly { readonly amount: Money }[];
  readonly total: Money;
  readonly inputHash: string;
}

export interface Invoice extends Bill {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly contentHash: string;
}

/** Golden bill 1: 50.00 + 7.50 + 672 x 0.01 = 64.22; GST 6.42; 70.64. */
export function expectGoldenBill(bill: Bill): void {
  const lines = bill.lines.map(({ kind, amount }) => [kind, amount.amount]);
  expect(lines).toEqual([
    ['plan_base', '50.00'],
    ['addon', '7.50'],
    ['overage', '6.72'],
    ['tax', '6.42'],
  ]);
  expect([bill.subtotal, bill.total]).toEqual([
    { amount: '64.22', currency: 'USD' },
    { amount: '70.64', currency: 'USD' },
  ]);
}

export function monthlyBill(stack: E2eStack, tenantId: string, month: Month): Promise<Bill> {
  const path = `/api/v1/billing/tenants/${tenantId}/monthly?period=${month.period}`;
  return insistently<Bill>(stack.core, { method: 'GET', path }, 200);
}

/** 201 when it is issued now, 200 when it had been; a key of its own for each intent. */
export function issueInvoice(stack: E2eStack, tenantId: string, month: Month, key = 'issue'): Promise<Invoice> {
  const request = {
    method: 'POST',
    path: '/api/v1/billing/invoices',
    body: { tenantId, period: month.period, action: 'issue' },
    headers: { 'idempotency-key': `${key}-${tenantId}-${month.period}` },
  };
  return insistently<Invoice>(stack.core, request, 200, 201);
}

/** How many invoices there are of a tenant, whoever issued them. */
export async function invoicesOf(stack: E2eStack, tenantId: string): Promise<{ number: string; id: string }[]> {
  return stack.databases.query(stack.databases.core, 'SELECT id, number FROM invoice WHERE tenant_id = $1', [tenantId]);
}
