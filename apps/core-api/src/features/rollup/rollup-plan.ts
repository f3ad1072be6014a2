import { Injectable } from '@nestjs/common';
import type { TenantId } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import { InvoicedTenants, type LiveInvoice } from '../invoices/index.js';
import { TENANTS_MAX } from '../billing/index.js';
import { TenantIds } from '../tenants/index.js';

/** Tenants looked at with one query: of a month that is done, this is all that is left to do. */
const PAGE = 10 * TENANTS_MAX;

/** A tenant, and the invoice that it has of the month. */
export interface Examined {
  readonly tenantId: TenantId;
  readonly live: LiveInvoice | null;
}

/** Tenants in the order of their ids. */
export type Chunk = readonly Examined[];

/** Goes through all tenants, and says who has its invoice. */
@Injectable()
export class RollupPlan {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantIds,
    private readonly invoices: InvoicedTenants,
  ) {}

  tenantCount(): Promise<number> {
    return this.tenants.count(this.unitOfWork.reader);
  }

  /** From behind `cursor` on. */
  async *chunks(month: string, force: boolean, cursor: string | null): AsyncGenerator<Chunk> {
    const tx = this.unitOfWork.reader;
    for (let after = cursor; ;) {
      const ids = await this.tenants.after(tx, after, PAGE);
      const last = ids.at(-1);
      if (last === undefined) return;
      const invoices = await this.invoices.of(tx, ids, month);
      const tenants = ids.map((tenantId) => ({ tenantId, live: invoices.get(tenantId) ?? null }));
      yield* cut(tenants, force);
      after = last;
    }
  }
}

/** Whether it has to be computed: it has no invoice, or one that is to be replaced. */
export function isCandidate({ live }: Examined, force: boolean): boolean {
  return live === null || (force && live.status === 'issued');
}

/** As many chunks as it takes for none to have more candidates than are priced at once. */
export function cut(tenants: readonly Examined[], force: boolean, candidatesMax = TENANTS_MAX): Chunk[] {
  const chunks: Chunk[] = [];
  let [start, candidates] = [0, 0];
  for (const [index, tenant] of tenants.entries()) {
    if (isCandidate(tenant, force)) candidates += 1;
    if (candidates < candidatesMax && index < tenants.length - 1) continue;
    chunks.push(tenants.slice(start, index + 1));
    [start, candidates] = [index + 1, 0];
  }
  return chunks;
}
