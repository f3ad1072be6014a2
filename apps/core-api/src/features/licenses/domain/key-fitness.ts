/** What of a key decides whether it may sign, and whether someone has to act. */
export interface KeyDates {
  readonly kid: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly importedAt: Date;
  readonly revokedAt: Date | null;
}

/** A home refuses licenses of a key that has ended; two weeks leave time for a ceremony and a rotation. */
export const KEY_ENDING_MS = 14 * 86_400_000;

export type KeyAlarm = 'no_signing_key' | 'key_ending' | 'home_without_key';
export const KEY_ALARMS: readonly KeyAlarm[] = ['no_signing_key', 'key_ending', 'home_without_key'];

/** Why a key may not become the signing key; null when it may. */
export function keyUnfit(key: KeyDates, signingKid: string | null, now: Date): string | null {
  if (key.revokedAt !== null) return `${key.kid} is revoked`;
  if (key.kid === signingKid) return `${key.kid} is the signing key`;
  if (now < key.notBefore) return `${key.kid} begins at ${key.notBefore.toISOString()}`;
  return now >= key.notAfter ? `${key.kid} ended at ${key.notAfter.toISOString()}` : null;
}

/** Which of the others signs when one is revoked: one that every live home holds before one that some lack, the newest first. */
export function nextKey<K extends KeyDates>(
  keys: readonly K[],
  revoked: string,
  missing: (kid: string) => number,
  now: Date,
): K | null {
  const fit = keys.filter((key) => keyUnfit(key, revoked, now) === null);
  const order = (a: K, b: K): number =>
    missing(a.kid) - missing(b.kid) || b.importedAt.getTime() - a.importedAt.getTime() || (a.kid < b.kid ? 1 : -1);
  return fit.sort(order)[0] ?? null;
}

/** What would leave a home without a license that it can verify, before it does. */
export function keyAlarms(signing: KeyDates | null, homesMissing: number, now: Date): KeyAlarm[] {
  if (signing === null) return ['no_signing_key'];
  const alarms: KeyAlarm[] = [];
  if (signing.notAfter.getTime() - now.getTime() <= KEY_ENDING_MS) alarms.push('key_ending');
  if (homesMissing > 0) alarms.push('home_without_key');
  return alarms;
}
