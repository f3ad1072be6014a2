import { Injectable } from '@nestjs/common';
import type { TenantId } from '@biplane/kernel';
import { querySql, type Tx } from '@biplane/service-kit';

/** The live cycle invoice of a tenant's month, as far as those need it who go through all tenants. */
export interface LiveInvoice {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly number: string;
  readonly status: 'issued' | 'paid';
}

/** Who has its invoice of a month, of many tenants at once. */
@Injectable()
export class InvoicedTenants {
  /** Whoever has none is absent. */
  async of(tx: Tx, tenantIds: readonly TenantId[], month: string): Promise<ReadonlyMap<TenantId, LiveInvoice>> {
    const rows = await querySql<LiveInvoice>(
      tx,
      `SELECT tenant_id::text AS "tenantId", id::text, number, status FROM invoice
        WHERE tenant_id = ANY($1::uuid[]) AND period = $2 AND kind = 'cycle' AND status <> 'void'`,
      [tenantIds, month],
    );
    return new Map(rows.map((row) => [row.tenantId, row]));
  }
}
