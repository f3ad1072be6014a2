import { orThrow, parseTenantId, RefusalError, type TenantId } from '@biplane/kernel';
import { holdsAnyScope, principalMayRead, type Principal } from '@biplane/service-kit';
import { InvoiceErrors } from './invoices.errors.js';

/** Who bills sees the documents of every tenant; a tenant's own token sees its own. */
export function seesAll(principal: Principal): boolean {
  return holdsAnyScope(principal, ['platform:admin', 'platform:read', 'billing:write']);
}

export function mayReadOf(principal: Principal, tenantId: string): boolean {
  return seesAll(principal) || principalMayRead(principal, tenantId);
}

/** A tenant's own token lists its own documents, whatever it filters by. */
export function visibleTenant(principal: Principal, asked: string | undefined): TenantId | undefined {
  const own = seesAll(principal) ? undefined : principal.tenantId;
  if (own !== undefined && asked !== undefined && asked.toLowerCase() !== own) {
    throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no tenant ${asked}` }));
  }
  const tenantId = own ?? asked?.toLowerCase();
  return tenantId === undefined ? undefined : orThrow(parseTenantId(tenantId));
}
