import { Injectable } from '@nestjs/common';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';

export type BalanceCause = 'negative_total' | 'credit_note' | 'overpayment' | 'returned' | 'applied';

export interface NewBalanceEntry {
  readonly tenantId: string;
  readonly currency: string;
  /** Below zero for what is used. */
  readonly amountMinor: bigint;
  readonly cause: BalanceCause;
  readonly sourceId: string;
  readonly invoiceId: string;
  readonly at: Date;
}

export interface BalanceEntry extends NewBalanceEntry {
  readonly sequence: number;
  /** After it. */
  readonly balanceMinor: bigint;
}

/** What a tenant has with the platform, and the lock that orders all that is issued, voided and settled for it. */
@Injectable()
export class AccountsStore {
  /**
   * Locks the accounts until the transaction ends, in the order of their ids, so that two lists never wait for each other.
   * Returns how often something was invoiced for each. Take it before anything else of these tenants.
   */
  async lock(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, number>> {
    const ids = [...new Set(tenantIds)].sort();
    await executeSql(
      tx,
      `INSERT INTO invoice_account (tenant_id, revision) SELECT id, 0 FROM unnest($1::uuid[]) AS id ORDER BY id
       ON CONFLICT DO NOTHING`,
      [ids],
    );
    const rows = await querySql<{ tenantId: string; revision: number }>(
      tx,
      `SELECT tenant_id::text AS "tenantId", revision FROM invoice_account WHERE tenant_id = ANY ($1::uuid[])
       ORDER BY tenant_id FOR UPDATE`,
      [ids],
    );
    return new Map(rows.map(({ tenantId, revision }) => [tenantId, revision]));
  }

  /** Without a lock: what a bill was computed after. A tenant that was never invoiced stands at zero. */
  async revisions(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await client(tx).invoiceAccount.findMany({ where: { tenantId: { in: [...tenantIds] } } });
    const known = new Map(rows.map(({ tenantId, revision }) => [tenantId, revision]));
    return new Map(tenantIds.map((id) => [id, known.get(id) ?? 0]));
  }

  /** What is billed for these tenants changed: whatever was computed before is out of date. */
  async touch(tx: Tx, tenantIds: readonly string[]): Promise<void> {
    await executeSql(tx, `UPDATE invoice_account SET revision = revision + 1 WHERE tenant_id = ANY ($1::uuid[])`, [
      [...new Set(tenantIds)],
    ]);
  }

  /** By tenant and currency, see `balanceKey`; those without one are absent. Read it under the lock to use it. */
  async balances(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, bigint>> {
    const rows = await client(tx).tenantBalance.findMany({ where: { tenantId: { in: [...tenantIds] } } });
    return new Map(rows.map(({ tenantId, currency, balanceMinor }) => [balanceKey(tenantId, currency), balanceMinor]));
  }

  /** What one tenant has, by currency. */
  ofTenant(tx: Tx, tenantId: string): Promise<{ currency: string; balanceMinor: bigint }[]> {
    return client(tx).tenantBalance.findMany({
      where: { tenantId },
      orderBy: { currency: 'asc' },
      select: { currency: true, balanceMinor: true },
    });
  }

  /** In this order. The database writes what each came to, and refuses one that would take more than there is. */
  async move(tx: Tx, entries: readonly NewBalanceEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await client(tx).tenantBalanceEntry.createMany({
      data: entries.map((entry) => ({ ...entry, sequence: 0, balanceMinor: 0n })),
    });
  }

  /** Newest first, at most `limit`, behind the entry `before`. */
  async entries(tx: Tx, tenantId: string, before: number | null, limit: number): Promise<BalanceEntry[]> {
    const rows = await client(tx).tenantBalanceEntry.findMany({
      where: { tenantId, ...(before !== null && { sequence: { lt: before } }) },
      orderBy: [{ sequence: 'desc' }, { currency: 'asc' }],
      take: limit,
    });
    return rows.map((row) => ({ ...row, cause: row.cause as BalanceCause }));
  }
}

export function balanceKey(tenantId: string, currency: string): string {
  return `${tenantId}|${currency}`;
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
