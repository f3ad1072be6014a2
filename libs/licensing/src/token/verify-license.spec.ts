import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LICENSE_BYTES_MAX } from '../claims/claims.js';
import { contextWith, forge, goodClaims, goodHeader, KID, NOW, pair, trustedKey } from '../testing/fixtures.js';
import { badTokens, goodToken } from '../testing/bad-tokens.js';
import { mayBecomeValid } from './license-token.errors.js';
import { signLicense } from './sign-license.js';
import { verifyLicense, verifyStoredLicense, type HighestSeen } from './verify-license.js';

const key = { kid: KID, privateKey: pair.privateKey };

describe('verifyLicense', () => {
  it('B4: the table of bad tokens has at least 60 rows', () => {
    expect(badTokens.length).toBeGreaterThanOrEqual(60);
  });

  it.each(badTokens.map((row) => [row.code, row.why, row] as const))(
    'B4: %s: a bad token is refused: %s',
    (code, _why, row) => {
      const verified = verifyLicense(row.token, contextWith(row.context));
      expect(verified).toMatchObject({ ok: false, error: { code: `LICENSE_TOKEN.${code}` } });
    },
  );

  it('the good token is accepted', () => {
    const verified = verifyLicense(goodToken, contextWith());
    expect(verified).toMatchObject({ ok: true, value: { claims: goodClaims, kid: KID, version: 7, isRepeat: false } });
  });

  it('the good token is accepted again, as a repeat', () => {
    const first = verifyLicense(goodToken, contextWith());
    const second = verifyLicense(goodToken, contextWith({ highest: first.ok ? first.value : undefined }));
    expect(second).toMatchObject({ ok: true, value: { isRepeat: true } });
  });

  it('the same content under another signature is a repeat too, since ES256 signs with randomness', () => {
    const first = verifyLicense(goodToken, contextWith());
    const again = signLicense(goodClaims, key);
    expect(again).not.toBe(goodToken);
    const second = verifyLicense(again, contextWith({ highest: first.ok ? first.value : undefined }));
    expect(second).toMatchObject({ ok: true, value: { isRepeat: true } });
  });

  it('an expected deployment that is undefined throws instead of accepting any', () => {
    const context = contextWith({ expectedDeploymentId: undefined as unknown as string });
    expect(() => verifyLicense(goodToken, context)).toThrow(TypeError);
    expect(() => verifyLicense(goodToken, contextWith({ expectedDeploymentId: '' }))).toThrow(TypeError);
    expect(() => verifyStoredLicense(goodToken, context)).toThrow(TypeError);
  });

  it('a claim that a newer core-api adds is ignored by an older home, and never signed by mistake', () => {
    expect(verifyLicense(forge(goodHeader, { ...goodClaims, addedLater: 1 }), contextWith()).ok).toBe(true);
    expect(() => signLicense({ ...goodClaims, addedLater: 1 } as never, key)).toThrow('LICENSE_TOKEN.SCHEMA');
  });

  it('only what time or a key on its way can mend is kept aside', () => {
    const waiting = new Set(
      badTokens.flatMap((row) => {
        const verified = verifyLicense(row.token, contextWith(row.context));
        return !verified.ok && mayBecomeValid(verified.error) ? [row.code] : [];
      }),
    );
    expect([...waiting].sort()).toEqual(['ISSUED_IN_FUTURE', 'KEY_NOT_YET_VALID', 'KEY_UNKNOWN']);
  });

  it.each([
    ['exp - 1 ms', -1, true],
    ['exp', 0, false],
    ['exp + 1 ms', 1, false],
  ])('at %s the license is accepted: %s', (_at, offset, accepted) => {
    const now = new Date(goodClaims.exp * 1000 + offset);
    expect(verifyLicense(goodToken, contextWith({ now })).ok).toBe(accepted);
  });

  it('an iat that is exactly 60 s ahead is accepted', () => {
    const now = new Date(goodClaims.iat * 1000 - 60_000);
    expect(verifyLicense(goodToken, contextWith({ now })).ok).toBe(true);
    expect(verifyLicense(goodToken, contextWith({ now: new Date(now.getTime() - 1) })).ok).toBe(false);
  });

  it('the start of a key is given 60 s, for the clocks of two planes differ', () => {
    const inFuture = (ms: number) => new Date(NOW.getTime() + ms).toISOString();
    const withKeyFrom = (ms: number) =>
      verifyLicense(
        goodToken,
        contextWith({ trustedKeys: new Map([[KID, trustedKey(KID, pair.publicKey, { notBefore: inFuture(ms) })]]) }),
      ).ok;
    expect([withKeyFrom(60_000), withKeyFrom(60_001)]).toEqual([true, false]);
  });

  it('a license of exactly 16 KB is accepted, one byte more is not', () => {
    // base64url skips every fourth length, so key ids of several lengths shift the token.
    const sizes = ['k', 'kk', 'kkk'].flatMap((kid) => {
      const trustedKeys = new Map([[kid, trustedKey(kid, pair.publicKey)]]);
      const fill = (length: number) => forge({ ...goodHeader, kid }, { ...goodClaims, filler: 'x'.repeat(length) });
      const missing = Math.floor(((LICENSE_BYTES_MAX - fill(0).length) * 3) / 4);
      return [-1, 0, 1, 2].map((extra) => {
        const token = fill(missing + extra);
        return [token.length, verifyLicense(token, contextWith({ trustedKeys })).ok] as const;
      });
    });
    expect(sizes.map(([length]) => length)).toContain(LICENSE_BYTES_MAX);
    for (const [length, accepted] of sizes) expect(accepted).toBe(length <= LICENSE_BYTES_MAX);
  });

  it('B8: a clock that is set forward and back again does no lasting harm', () => {
    const ahead = new Date(NOW.getTime() + 365 * 86_400_000);
    expect(verifyLicense(goodToken, contextWith({ now: ahead })).ok).toBe(false);
    expect(verifyLicense(goodToken, contextWith()).ok).toBe(true);
  });

  it('B8: a clock set back by a day or a year accepts no license that has expired by the newest one and the time since', () => {
    const newest = { issuedAtSeconds: goodClaims.exp - 3_600, monotonicMsSince: 3_600_000 };
    for (const days of [1, 365]) {
      const now = new Date(NOW.getTime() - days * 86_400_000);
      expect(verifyLicense(goodToken, contextWith({ now, newest }))).toMatchObject({
        ok: false,
        error: { code: 'LICENSE_TOKEN.EXPIRED' },
      });
    }
  });

  it('A4: any permutation and repetition of versions ends at the highest', () => {
    const versions = [1, 2, 3, 4, 5, 6, 7];
    const tokens = new Map(versions.map((version) => [version, signLicense({ ...goodClaims, version }, key)]));
    const order = fc
      .shuffledSubarray(versions, { minLength: 1 })
      .chain((some) =>
        fc.array(fc.constantFrom(...some), { minLength: 0, maxLength: 8 }).map((more) => [...some, ...more]),
      );
    fc.assert(
      fc.property(order, (arrivals) => {
        let highest: HighestSeen | undefined;
        for (const version of arrivals) {
          const verified = verifyLicense(tokens.get(version) ?? '', contextWith({ highest }));
          if (verified.ok) highest = verified.value;
          else expect(verified.error.code).toBe('LICENSE_TOKEN.VERSION_LOWER');
        }
        expect(highest?.version).toBe(Math.max(...arrivals));
      }),
      { numRuns: 60 },
    );
  });

  it('B4: every change of a single byte of a token is refused, whichever byte and whatever it becomes', () => {
    const accepted: string[] = [];
    const bytes = Buffer.from(goodToken, 'latin1');
    const interesting = [...'Aa0-_.=+/ "'].map((character) => character.charCodeAt(0));
    for (let index = 0; index < bytes.length; index += 1) {
      const original = bytes[index] as number;
      const flips = Array.from({ length: 8 }, (_, bit) => original ^ (1 << bit));
      for (const changed of [...flips, ...interesting]) {
        if (changed === original) continue;
        bytes[index] = changed;
        const token = bytes.toString('latin1');
        if (verifyLicense(token, contextWith()).ok) accepted.push(token);
      }
      bytes[index] = original;
    }
    expect(accepted).toEqual([]);
    expect(verifyLicense(bytes.toString('latin1'), contextWith()).ok).toBe(true);
  });

  it('B4: cut, doubled, inserted and swapped pieces of a token are refused, or it says the very same', () => {
    const at = fc.nat({ max: goodToken.length - 1 });
    const mutation = fc.oneof(
      fc.tuple(at, at).map(([a, b]) => goodToken.slice(0, Math.min(a, b)) + goodToken.slice(Math.max(a, b))),
      fc.tuple(at, at).map(([a, b]) => goodToken.slice(0, a) + goodToken.slice(Math.min(a, b))),
      fc
        .tuple(at, fc.string({ minLength: 1, maxLength: 4 }))
        .map(([a, text]) => goodToken.slice(0, a) + text + goodToken.slice(a)),
      fc.shuffledSubarray(goodToken.split('.'), { minLength: 1 }).map((parts) => parts.join('.')),
    );
    fc.assert(
      fc.property(mutation, (token) => {
        const verified = verifyLicense(token, contextWith());
        if (verified.ok) expect(verified.value.claims).toEqual(goodClaims);
        expect(verified.ok).toBe(token === goodToken);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [-600, true],
    [-61, true],
    [-60, true],
    [0, true],
    [59, true],
    [60, true],
    [61, false],
    [120, false],
    [600, false],
  ])(
    'B10: a license issued %i s ahead of this clock is taken at once: %s, and else when its time has come',
    (ahead, taken) => {
      const token = forge(goodHeader, { ...goodClaims, iat: NOW.getTime() / 1000 + ahead });
      const first = verifyLicense(token, contextWith());
      expect(first.ok).toBe(taken);
      if (!first.ok) {
        expect(first.error.code).toBe('LICENSE_TOKEN.ISSUED_IN_FUTURE');
        expect(mayBecomeValid(first.error)).toBe(true);
      }
      const later = new Date(NOW.getTime() + Math.max(0, ahead - 60) * 1000);
      expect(verifyLicense(token, contextWith({ now: later })).ok).toBe(true);
    },
  );

  it('a text of any kind is refused, never thrown at', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => !verifyLicense(text, contextWith()).ok));
    expect(verifyLicense(undefined as unknown as string, contextWith())).toMatchObject({ ok: false });
  });
});

describe('verifyStoredLicense', () => {
  it('an expired license that the home had verified still says whose calendar it is', () => {
    const now = new Date(goodClaims.exp * 1000 + 86_400_000);
    expect(verifyStoredLicense(goodToken, contextWith({ now }))).toMatchObject({ ok: true, value: { version: 7 } });
  });

  it.each(
    badTokens.filter((row) => !['EXPIRED', 'ISSUED_IN_FUTURE', 'VERSION_LOWER', 'VERSION_REUSED'].includes(row.code)),
  )('a stored token is still refused: $code, $why', ({ token, context, code }) => {
    const verified = verifyStoredLicense(token, contextWith(context));
    expect(verified).toMatchObject({ ok: false, error: { code: `LICENSE_TOKEN.${code}` } });
  });
});
