import type { Principal } from '@biplane/service-kit';

/** Whose endpoints and deliveries a list may show. Null when a tenant's token asks for another tenant: it owns none of those. */
export function ownersOf(principal: Principal, asked: string | undefined): { tenantId?: string } | null {
  const tenantId = asked?.toLowerCase();
  if (principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read')) {
    return tenantId === undefined ? {} : { tenantId };
  }
  const own = principal.tenantId;
  // A principal that came this far without a platform scope holds exactly one tenant's.
  if (own === undefined || (tenantId !== undefined && tenantId !== own)) return null;
  return { tenantId: own };
}
