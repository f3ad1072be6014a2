import type { LicensedLimit } from '@biplane/licensing';

/** Those whose count this home keeps. The others are core-api's to count: without a known total their strategy decides. */
export function countedHere(limits: readonly LicensedLimit[]): readonly LicensedLimit[] {
  return limits.filter(({ authority, strategy }) => authority === 'data' && strategy !== 'allow');
}
