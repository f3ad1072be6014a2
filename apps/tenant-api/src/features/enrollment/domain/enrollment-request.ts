import type { LicenseClaims } from '@biplane/licensing';

export type EnrollmentVerdict =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other_epoch'; readonly epoch: number }
  /** `epoch`: of the placement at this home, now or next; null when the deployment is elsewhere and stays there. */
  | { readonly kind: 'admitted'; readonly epoch: number | null };

/** Whose hash a token has to have; undefined when no license here names this home for this deployment. */
export function enrollmentHash(license: LicenseClaims | undefined, homeId: string): string | undefined {
  return license?.enrollment?.homeId === homeId ? license.enrollment.tokenHash : undefined;
}

/** What a home whose token was right may have. */
export function judgeEnrollment(
  license: LicenseClaims | undefined,
  { homeId, epoch }: { readonly homeId: string; readonly epoch?: number | undefined },
): EnrollmentVerdict {
  if (license?.enrollment?.homeId !== homeId) return { kind: 'unknown' };
  const { placement } = license;
  const placed =
    placement.homeId === homeId ? placement.epoch : placement.next?.homeId === homeId ? placement.next.epoch : null;
  if (epoch !== undefined && placed !== null && epoch !== placed) return { kind: 'other_epoch', epoch: placed };
  return { kind: 'admitted', epoch: placed };
}

/** Of the pool's API clients those that may meet this tenant's home: whoever is bound to another tenant stays out. */
export function clientsFor<Client extends { readonly scopes: readonly string[] }>(
  clients: Iterable<Client>,
  tenantId: string,
): Client[] {
  const isForeign = (scope: string): boolean => scope.startsWith('tenant:') && scope !== `tenant:${tenantId}`;
  return [...clients].filter(({ scopes }) => !scopes.some(isForeign));
}
