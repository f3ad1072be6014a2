import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LicenseClaims } from '../claims/claims.js';
import { decide } from '../decision/decide.js';
import { createKeyPair, type KeyPair } from '../keys/key-pair.js';
import { DEPLOYMENT, goodClaims, HOME, NOW, trustedKey } from '../testing/fixtures.js';
import { signLicense } from '../token/sign-license.js';
import { LicenseBook } from './license-book.js';
import type { SharedParts } from './shared-parts.js';

const deploymentId = DEPLOYMENT;
const pairs = new Map<string, KeyPair>();
const at = (seconds = 0, monotonicMs = seconds * 1000) => ({
  now: new Date(NOW.getTime() + seconds * 1000),
  monotonicMs,
});

function newBook(...kids: string[]): LicenseBook {
  const book = new LicenseBook(HOME);
  for (const kid of kids.length > 0 ? kids : ['k1']) trust(book, kid);
  return book;
}

function trust(book: LicenseBook, kid: string, state: 'trusted' | 'revoked' = 'trusted') {
  return book.learnKey(trustedKey(kid, pairOf(kid).publicKey, { state }));
}

function pairOf(kid: string): KeyPair {
  const pair = pairs.get(kid) ?? createKeyPair();
  pairs.set(kid, pair);
  return pair;
}

const signed = (changes: Partial<LicenseClaims> = {}, kid = 'k1'): string =>
  signLicense(
    { ...goodClaims, version: 1, iat: NOW.getTime() / 1000, jti: randomUUID(), ...changes },
    { kid, privateKey: pairOf(kid).privateKey },
  );
const placedAt = (homeId: string, epoch: number): Partial<LicenseClaims> => ({
  placement: { homeId, epoch, phase: 'serving', url: 'https://other.example' },
});
const versionOf = (book: LicenseBook): number | undefined => book.get(deploymentId)?.version;

describe('LicenseBook', () => {
  it('a start that is moved ahead takes the access away at once, and it comes back with the start', () => {
    const book = newBook();
    const action = 'financials:automated_billing';
    const startsAt = new Date(NOW.getTime() + 86_400_000).toISOString();
    book.receive(deploymentId, signed({ version: 1 }), at());
    const received = book.receive(deploymentId, signed({ version: 2, startsAt }), at(1));
    expect([received.kind, book.waiting]).toEqual(['accepted', 0]);
    const codeAt = (seconds: number) => book.decide(deploymentId, action, at(seconds).now.getTime()).code;
    expect([codeAt(1), codeAt(86_399), codeAt(86_400)]).toEqual(['LICENSE.NOT_STARTED', 'LICENSE.NOT_STARTED', null]);
  });

  it('A4: any order and repetition of versions ends at the highest, and the lower ones are dropped', () => {
    const tokens = [1, 2, 3, 4, 5].map((version) => signed({ version }));
    const arrivals = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(arrivals, (order) => {
        const book = newBook();
        let highest = 0;
        for (const index of order) {
          const { kind } = book.receive(deploymentId, tokens[index] ?? '', at());
          expect(kind).toBe(index + 1 > highest ? 'accepted' : index + 1 === highest ? 'repeated' : 'late');
          highest = Math.max(highest, index + 1);
        }
        expect(versionOf(book)).toBe(highest);
        expect(book.refused).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('A3: a license that comes twice changes nothing', () => {
    const book = newBook();
    const token = signed();
    expect(book.receive(deploymentId, token, at()).kind).toBe('accepted');
    expect(book.receive(deploymentId, token, at(1)).kind).toBe('repeated');
  });

  it('B2: after a revocation the old token is late, after a restart too; a backup of yesterday is raised by the topic', () => {
    const [old, revoked] = [signed({ version: 1 }), signed({ version: 2, status: 'revoked' })];
    const book = newBook();
    for (const token of [old, revoked]) book.receive(deploymentId, token, at());
    expect([book.receive(deploymentId, old, at(1)).kind, versionOf(book)]).toEqual(['late', 2]);

    const restarted = newBook();
    expect(restarted.restore(deploymentId, revoked, at(2))).toBeUndefined();
    expect([restarted.receive(deploymentId, old, at(3)).kind, versionOf(restarted)]).toEqual(['late', 2]);

    const fromBackup = newBook();
    expect(fromBackup.restore(deploymentId, old, at(2))).toBeUndefined();
    expect(fromBackup.receive(deploymentId, revoked, at(3)).kind).toBe('accepted');
    expect(fromBackup.get(deploymentId)?.claims.status).toBe('revoked');
    expect(fromBackup.receive(deploymentId, old, at(4)).kind).toBe('late');
  });

  it('an equal version with other content is refused', () => {
    const book = newBook();
    book.receive(deploymentId, signed({ version: 2 }), at());
    expect(book.receive(deploymentId, signed({ version: 2 }), at())).toMatchObject({
      kind: 'refused',
      failure: { code: 'LICENSE_TOKEN.VERSION_REUSED' },
    });
  });

  it('a license for another home is not held, and its version keeps older ones from bringing the deployment here', () => {
    const book = newBook();
    expect(book.receive(deploymentId, signed({ version: 5, ...placedAt(randomUUID(), 2) }), at()).kind).toBe(
      'elsewhere',
    );
    expect(book.get(deploymentId)).toBeUndefined();
    expect(book.receive(deploymentId, signed({ version: 4 }), at()).kind).toBe('late');
    expect(book.receive(deploymentId, signed({ version: 6 }), at()).kind).toBe('accepted');
  });

  it('a deployment that moved away stays known, and is no longer one of ours', () => {
    const book = newBook();
    book.receive(deploymentId, signed({ version: 1 }), at());
    expect(book.own()).toHaveLength(1);
    book.receive(deploymentId, signed({ version: 2, ...placedAt(randomUUID(), 2) }), at());
    expect(book.own()).toHaveLength(0);
    expect(book.get(deploymentId)?.claims.placement.url).toBe('https://other.example');
  });

  it('a license placed elsewhere that this home follows is known, is not one of ours, and stays known when it is followed no more', () => {
    const book = new LicenseBook(HOME, ({ enrollment }) => enrollment !== undefined);
    trust(book, 'k1');
    const elsewhere = placedAt(randomUUID(), 1);
    const enrollment = { homeId: randomUUID(), tokenHash: 'a'.repeat(64) };
    expect(book.receive(deploymentId, signed({ version: 1, ...elsewhere, enrollment }), at()).kind).toBe('accepted');
    expect(book.get(deploymentId)?.claims.enrollment).toEqual(enrollment);
    expect(book.own()).toEqual([]);
    expect(book.receive(deploymentId, signed({ version: 2, ...elsewhere }), at()).kind).toBe('accepted');
    expect(book.get(deploymentId)?.claims.enrollment).toBeUndefined();
  });

  it('a revoked key takes its licenses and version marks along, so that a stolen key outranks nothing', () => {
    const book = newBook('k1', 'stolen');
    book.receive(deploymentId, signed({ version: Number.MAX_SAFE_INTEGER }, 'stolen'), at());
    expect(book.receive(deploymentId, signed({ version: 7 }), at()).kind).toBe('late');
    expect(trust(book, 'stolen', 'revoked')).toBe('revoked');
    expect(book.get(deploymentId)).toBeUndefined();
    expect(book.receive(deploymentId, signed({ version: 7 }), at()).kind).toBe('accepted');
  });

  it('a revoked key is never trusted again, whatever older statement comes', () => {
    const book = newBook('k1');
    trust(book, 'k1', 'revoked');
    expect(trust(book, 'k1', 'trusted')).toBe('unchanged');
    expect(book.receive(deploymentId, signed(), at())).toMatchObject({
      kind: 'refused',
      failure: { code: 'LICENSE_TOKEN.KEY_REVOKED' },
    });
  });

  it('a license from the future waits, the present one stays, and it is taken when its time has come', () => {
    const book = newBook();
    book.receive(deploymentId, signed({ version: 1 }), at());
    const ahead = signed({ version: 2, iat: NOW.getTime() / 1000 + 120 });
    expect(book.receive(deploymentId, ahead, at()).kind).toBe('set_aside');
    expect([versionOf(book), book.refused]).toEqual([1, 1]);
    expect(book.retryWaiting(at(30)).map(({ received }) => received.kind)).toEqual(['set_aside']);
    expect(book.retryWaiting(at(61)).map(({ received }) => received.kind)).toEqual(['accepted']);
    expect([versionOf(book), book.refused]).toEqual([2, 0]);
  });

  it('B6: a license whose key statement is still on its way leaves the present one in force, and is taken when it has come', () => {
    const book = newBook('k1');
    book.receive(deploymentId, signed({ version: 1 }), at());
    expect(book.receive(deploymentId, signed({ version: 2 }, 'k2'), at()).kind).toBe('set_aside');
    expect(versionOf(book)).toBe(1);
    trust(book, 'k2');
    expect(book.retryWaiting(at()).map(({ received }) => received.kind)).toEqual(['accepted']);
  });

  it('a clock set back gains nothing: the newest license and the monotonic clock count on', () => {
    const book = newBook();
    book.receive(deploymentId, signed(), at(0, 0));
    const aDayBack = { now: new Date(NOW.getTime() - 86_400_000), monotonicMs: 3_600_000 };
    expect(book.effectiveNow(aDayBack)).toEqual(new Date(NOW.getTime() + 3_600_000));
  });

  it('a flood of records that wait is bounded, and what is held stays', () => {
    const book = newBook();
    book.receive(deploymentId, signed({ version: 1 }), at());
    for (let index = 0; index < 50; index += 1)
      book.receive(deploymentId, signed({ version: 2 + index }, 'unknown'), at());
    expect(book.waiting).toBe(16);
    expect(book.refused).toBe(50);
    expect(versionOf(book)).toBe(1);
  });

  it('what the book answers at once is the decision by the license that it holds, after every arrival and loss', () => {
    const kids = ['k1', 'k2'];
    const statuses = ['active', 'suspended', 'revoked'] as const;
    const tokens = Array.from({ length: 12 }, (_, index) =>
      signed(
        {
          version: index + 1,
          status: statuses[index % 3] ?? 'active',
          ...(index % 4 === 3 && placedAt(deploymentId, 2)),
        },
        kids[index % 2],
      ),
    );
    const arrival = fc.nat({ max: tokens.length - 1 });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 12 }), fc.option(fc.constantFrom(...kids)), (order, revoked) => {
        const book = newBook(...kids);
        const agrees = (): void => {
          const license = book.get(deploymentId)?.claims;
          const input = { license, deploymentId, homeId: HOME, action: 'financials:statement_runs', now: NOW };
          expect(book.decide(deploymentId, input.action, NOW.getTime())).toEqual(decide(input));
        };
        for (const index of order) {
          book.receive(deploymentId, tokens[index] ?? '', at());
          agrees();
        }
        if (revoked !== null) trust(book, revoked, 'revoked');
        agrees();
      }),
      { numRuns: 60 },
    );
  });

  it('B8: the time of the licenses is the same in milliseconds, and forgetting a key forgets the time that it claimed', () => {
    const book = newBook('k1', 'stolen');
    const msAt = (now: number, monotonicMs: number) => book.effectiveNowMs(now, monotonicMs);
    expect(msAt(1, 0)).toBe(1);
    book.receive(deploymentId, signed(), at(0, 5_000));
    for (const [back, monotonicMs] of [
      [86_400_000, 5_000],
      [365 * 86_400_000, 3_605_000],
      [0, 6_000],
      [-90_000, 6_000],
    ] as const) {
      const now = new Date(NOW.getTime() - back);
      expect(msAt(now.getTime(), monotonicMs)).toBe(book.effectiveNow({ now, monotonicMs }).getTime());
    }
    const ahead = at(7_200, 5_000);
    book.receive(deploymentId, signed({ version: 2, iat: ahead.now.getTime() / 1000 }, 'stolen'), ahead);
    expect(msAt(NOW.getTime(), 5_000)).toBe(ahead.now.getTime());
    trust(book, 'stolen', 'revoked');
    expect(msAt(NOW.getTime(), 6_000)).toBe(NOW.getTime() + 1_000);
  });

  it('what licenses say alike is kept once, and goes with the last that says it', () => {
    const book = newBook('k1', 'k2');
    const others = [2, 3].map((last) => `0196fbd0-0000-7000-8000-00000000d00${last}`);
    const take = (id: string, version: number, changes: Partial<LicenseClaims> = {}, kid = 'k1'): void => {
      const deployment = { ...goodClaims.deployment, id };
      const token = signed({ version, aud: `deployment:${id}`, deployment, ...changes }, kid);
      expect(book.receive(id, token, at()).kind).toBe('accepted');
    };
    for (const id of [deploymentId, ...others]) take(id, 1);
    const [first, second] = others.map((id) => book.get(id)?.claims);
    expect(first?.modules).toBe(second?.modules);
    expect(first?.placement).toBe(second?.placement);
    expect(first).toMatchObject({ modules: goodClaims.modules, meters: goodClaims.meters });
    const parts = (book as unknown as { parts: SharedParts }).parts;
    expect(parts.size).toBe(6);
    take(deploymentId, 2, { featureFlags: { other: true } }, 'k2');
    expect(parts.size).toBe(7);
    expect(book.get(deploymentId)?.claims.featureFlags).toEqual({ other: true });
    trust(book, 'k1', 'revoked');
    expect(parts.size).toBe(6);
    trust(book, 'k2', 'revoked');
    expect(parts.size).toBe(0);
  });
});
