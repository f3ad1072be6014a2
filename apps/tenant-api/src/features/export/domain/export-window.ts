import { licenseState, type LicenseClaims } from '@biplane/licensing';

export type ExportVerdict = 'open' | 'purged' | 'closed';

const SERVED = new Set(['active', 'notice', 'grace', 'not_started']);

/** Everything may be taken along while the license serves, and of a retired deployment until its last day is over. */
export function exportVerdict(license: LicenseClaims, now: Date): ExportVerdict {
  const state = licenseState(license, now);
  if (state !== 'revoked') return SERVED.has(state) ? 'open' : 'closed';
  if (license.purgeAfter === undefined) return 'closed';
  return now.getTime() < Date.parse(license.purgeAfter) ? 'open' : 'purged';
}
