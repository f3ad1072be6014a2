import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';

export interface Reminder {
  readonly invoiceId: string;
  readonly level: number;
  readonly tenantId: string;
  readonly state: 'sent' | 'skipped';
  readonly skippedBecause: string | null;
  readonly dueAt: Date;
  readonly decidedAt: Date;
  readonly pdfSha256: string | null;
  readonly mailId: string | null;
}

/** An unpaid invoice, and where a walk through them stands. */
export interface Overdue {
  readonly id: string;
  readonly tenantId: string;
  readonly dueAt: Date;
}

export interface OverdueTenant {
  readonly tenantId: string;
  readonly oldestDueAt: Date;
}

const DAY = `interval '24 hours'`;
/** Whose newest settings ask for reminders: tenants that are left alone are no work that comes again each second. */
const REMINDED = `(SELECT v.auto_reminders FROM billing_settings_version v
  WHERE v.tenant_id = i.tenant_id ORDER BY v.version DESC LIMIT 1)`;

/** Reads invoices beside its own table: what is due is found by one statement, however many invoices there are. */
@Injectable()
export class RemindersStore {
  /** Orders the reminders of a tenant with its payments: whoever pays or reminds waits for the other. */
  async lockAccount(tx: Tx, tenantId: string): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO invoice_account (tenant_id, revision) VALUES ($1::uuid, 0) ON CONFLICT DO NOTHING`,
      [tenantId],
    );
    await querySql(tx, `SELECT 1 FROM invoice_account WHERE tenant_id = $1::uuid FOR UPDATE`, [tenantId]);
  }

  /** Unpaid invoices with a level that is due and not decided, the longest due first. */
  due(tx: Tx, now: Date, after: Overdue | null, take: number): Promise<Overdue[]> {
    return querySql<Overdue>(
      tx,
      `SELECT i.id::text, i.tenant_id::text AS "tenantId", i.due_at AS "dueAt" FROM invoice i
       WHERE i.status = 'issued' AND i.due_at <= $1::timestamptz - 7 * ${DAY}
         AND ($2::timestamptz IS NULL OR (i.due_at, i.id) > ($2::timestamptz, $3::uuid))
         AND coalesce((SELECT max(r.level) FROM invoice_reminder r WHERE r.invoice_id = i.id), 0)
           < CASE WHEN i.due_at <= $1::timestamptz - 21 * ${DAY} THEN 3 WHEN i.due_at <= $1::timestamptz - 14 * ${DAY} THEN 2 ELSE 1 END
         AND ${REMINDED}
       ORDER BY i.due_at, i.id LIMIT $4::int`,
      [now, after?.dueAt ?? null, after?.id ?? null, take],
    );
  }

  /** Tenants with an invoice that is unpaid two weeks after it was due. */
  overdueTenants(tx: Tx, now: Date, after: string | null, take: number): Promise<OverdueTenant[]> {
    return querySql<OverdueTenant>(
      tx,
      `SELECT i.tenant_id::text AS "tenantId", min(i.due_at) AS "oldestDueAt" FROM invoice i
       WHERE i.status = 'issued' AND i.due_at <= $1::timestamptz - 14 * ${DAY} AND ($2::uuid IS NULL OR i.tenant_id > $2::uuid)
         AND ${REMINDED}
       GROUP BY i.tenant_id ORDER BY i.tenant_id LIMIT $3::int`,
      [now, after, take],
    );
  }

  /** The oldest unpaid invoice that is due. */
  async oldestDueAt(tx: Tx, tenantId: string, now: Date): Promise<Date | null> {
    const [row] = await querySql<{ dueAt: Date | null }>(
      tx,
      `SELECT min(due_at) AS "dueAt" FROM invoice WHERE tenant_id = $1::uuid AND status = 'issued' AND due_at <= $2`,
      [tenantId, now],
    );
    return row?.dueAt ?? null;
  }

  /** Deployments of these tenants that may be held for what is not owed any more; in the order of their ids, for their locks. */
  async heldThoughSettled(tx: Tx, tenantIds: readonly string[], now: Date): Promise<string[]> {
    const rows = await querySql<{ id: string }>(
      tx,
      `SELECT d.id::text FROM deployment d WHERE d.tenant_id = ANY($1::uuid[]) AND d.state IN ('past_due', 'suspended')
         AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.tenant_id = d.tenant_id AND i.status = 'issued' AND i.due_at <= $2)
       ORDER BY d.id`,
      [tenantIds, now],
    );
    return rows.map(({ id }) => id);
  }

  async ofInvoice(tx: Tx, invoiceId: string): Promise<Reminder[]> {
    const rows = await client(tx).invoiceReminder.findMany({ where: { invoiceId }, orderBy: { level: 'asc' } });
    return rows as Reminder[];
  }

  async insert(tx: Tx, reminders: readonly Reminder[]): Promise<void> {
    await client(tx).invoiceReminder.createMany({ data: [...reminders] });
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
