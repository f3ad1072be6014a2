import { describe, expect, it } from '@jest/globals';
import { KEY_ENDING_MS, keyAlarms, keyUnfit, nextKey, type KeyDates } from './key-fitness.js';

const now = new Date('2026-04-10T00:00:00.000Z');
const day = (text: string) => new Date(`${text}T00:00:00.000Z`);
const key = (kid: string, over: Partial<KeyDates> = {}): KeyDates => ({
  kid,
  notBefore: day('2026-01-01'),
  notAfter: day('2027-01-01'),
  importedAt: day('2026-01-01'),
  revokedAt: null,
  ...over,
});

describe('keyUnfit', () => {
  it.each([
    ['a revoked one', key('b', { revokedAt: day('2026-02-01') }), 'revoked'],
    ['the signing key itself', key('a'), 'is the signing key'],
    ['one that has not begun', key('b', { notBefore: new Date(now.getTime() + 1) }), 'begins'],
    ['one that ends at this instant', key('b', { notAfter: now }), 'ended'],
  ])('refuses %s', (_what, candidate, why) => {
    expect(keyUnfit(candidate, 'a', now)).toContain(why);
  });

  it('takes one that begins at this instant', () => {
    expect(keyUnfit(key('b', { notBefore: now }), 'a', now)).toBeNull();
  });
});

describe('nextKey', () => {
  const missing = (kid: string) => (kid === 'newest' ? 1 : 0);

  it('prefers what every live home holds to what is newer', () => {
    const keys = [key('a'), key('held'), key('newest', { importedAt: day('2026-03-01') })];
    expect(nextKey(keys, 'a', missing, now)?.kid).toBe('held');
  });

  it('takes the newest among equals, and none when none is fit', () => {
    const keys = [key('a'), key('b'), key('c', { importedAt: day('2026-03-01') })];
    expect(nextKey(keys, 'a', missing, now)?.kid).toBe('c');
    expect(nextKey([key('a'), key('b', { notAfter: now })], 'a', missing, now)).toBeNull();
  });
});

describe('keyAlarms', () => {
  it('warns two weeks before the signing key ends, at the instant itself', () => {
    const ending = key('a', { notAfter: new Date(now.getTime() + KEY_ENDING_MS) });
    expect(keyAlarms(ending, 0, now)).toEqual(['key_ending']);
    expect(keyAlarms(ending, 0, new Date(now.getTime() - 1))).toEqual([]);
  });

  it('warns of a live home that does not hold the signing key, and of having none', () => {
    expect(keyAlarms(key('a'), 1, now)).toEqual(['home_without_key']);
    expect(keyAlarms(null, 0, now)).toEqual(['no_signing_key']);
  });
});
