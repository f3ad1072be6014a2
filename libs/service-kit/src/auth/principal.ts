/** Who sends a request, as its verified access token says. */
export interface Principal {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Regions it is bound to; null when it is not bound to any. */
  readonly regions: readonly string[] | null;
  /** Set when it holds `tenant:<id>`: it may read that tenant's own objects. */
  readonly tenantId?: string;
  /** Set when what it came with is good for this deployment alone: no header has to say it again. */
  readonly deploymentId?: string;
}

export const TENANT_SCOPE = 'tenant:*';
const TENANT_PREFIX = 'tenant:';
const PLATFORM_READERS = ['platform:admin', 'platform:read'];

/** True when the principal holds one of the scopes; `tenant:*` stands for any `tenant:<id>`. */
export function holdsAnyScope(principal: Principal, needed: readonly string[]): boolean {
  return needed.some((scope) =>
    scope === TENANT_SCOPE ? principal.tenantId !== undefined : principal.scopes.includes(scope),
  );
}

/** For objects that belong to a tenant: platform readers see all, a tenant's own token sees its own. Answer 404 else. */
export function principalMayRead(principal: Principal, tenantId: string): boolean {
  return principal.scopes.some((scope) => PLATFORM_READERS.includes(scope)) || principal.tenantId === tenantId;
}

/** For services that act for tenants (`entitlements:check`): one that is bound to a tenant acts for that one alone. Answer 404 else. */
export function principalMayServe(principal: Principal, tenantId: string): boolean {
  return principal.tenantId === undefined || principalMayRead(principal, tenantId);
}

export function principalMayUseRegion(principal: Principal, region: string): boolean {
  return principal.regions === null || principal.regions.includes(region);
}

/** The tenant of the one `tenant:<id>` scope among these. */
export function tenantOfScopes(scopes: readonly string[]): string | undefined {
  return scopes.find((scope) => scope.startsWith(TENANT_PREFIX) && scope !== TENANT_SCOPE)?.slice(TENANT_PREFIX.length);
}
