import type { LicenseClaims } from '@biplane/licensing';

/**
 * Licenses placed elsewhere that a home has to know: those of a deployment that is being moved to it, and in a region's pool those of
 * dedicated homes, which it enrolls and whose databases it makes, moves and drops.
 */
export function follows(
  { homeId, kind }: { readonly homeId: string; readonly kind: 'shared' | 'dedicated' },
  claims: LicenseClaims,
): boolean {
  return claims.placement.next?.homeId === homeId || (kind === 'shared' && claims.enrollment !== undefined);
}
