import { describe, expect, it } from '@jest/globals';
import { contextWith, encode, forge, goodClaims, KID, pair } from '../testing/fixtures.js';
import { signLicense } from '../token/sign-license.js';
import { verifyLicense } from '../token/verify-license.js';
import { exportPublicJwk, importPrivateJwk, importPublicJwk, importRootPublicKey, jwkThumbprint } from './jwk.js';
import { createKeyPair } from './key-pair.js';
import { signKeyStatement, verifyKeyStatement, type KeyStatementClaims } from './key-statement.js';

const root = createKeyPair();
const rootKid = jwkThumbprint(exportPublicJwk(root.publicKey));
const claims: KeyStatementClaims = {
  kid: KID,
  jwk: exportPublicJwk(pair.publicKey),
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  state: 'trusted',
};
const header = { alg: 'ES256', typ: 'key-statement+jwt', kid: rootKid };
const good = signKeyStatement(claims, root.privateKey);
const forged = (changes: object) => forge(header, { ...claims, ...changes }, root.privateKey);

const bad: [code: string, why: string, statement: string][] = [
  ['TOO_LARGE', 'oversized', forged({ filler: 'x'.repeat(5000) })],
  ['MALFORMED', 'truncated', good.split('.').slice(0, 2).join('.')],
  ['MALFORMED', 'padded', `${good}=`],
  ['HEADER', 'alg none', forge({ ...header, alg: 'none' }, claims, root.privateKey)],
  ['HEADER', 'typ of a license', forge({ ...header, typ: 'license+jwt' }, claims, root.privateKey)],
  ['HEADER', 'kid of another root', forge({ ...header, kid: 'root' }, claims, root.privateKey)],
  ['HEADER', 'brings its own key', forge({ ...header, jwk: claims.jwk }, claims, root.privateKey)],
  ['SIGNATURE', 'signed by the signing key itself', forge(header, claims, pair.privateKey)],
  [
    'SIGNATURE',
    'changed after signing',
    `${encode(header)}.${encode({ ...claims, kid: 'x' })}.${good.split('.')[2] ?? ''}`,
  ],
  ['SCHEMA', 'no kid', forged({ kid: undefined })],
  ['SCHEMA', 'kid is a path', forged({ kid: '../x' })],
  ['SCHEMA', 'an unknown state', forged({ state: 'maybe' })],
  ['SCHEMA', 'an unknown member', forged({ note: 'hello' })],
  ['SCHEMA', 'ends before it begins', forged({ notAfter: '2025-01-01T00:00:00.000Z' })],
  ['SCHEMA', 'an instant without a zone', forged({ notBefore: '2026-01-01' })],
  ['KEY_INVALID', 'no key', forged({ jwk: null })],
  ['KEY_INVALID', 'a key with its private part', forged({ jwk: { ...claims.jwk, d: claims.jwk.x } })],
  ['KEY_INVALID', 'a key of another curve', forged({ jwk: { ...claims.jwk, crv: 'P-384' } })],
  ['KEY_INVALID', 'a point off the curve', forged({ jwk: { ...claims.jwk, y: claims.jwk.x } })],
];

describe('key statements', () => {
  it.each(bad)('%s: a statement is refused: %s', (code, _why, statement) => {
    expect(verifyKeyStatement(statement, root.publicKey)).toMatchObject({
      ok: false,
      error: { code: `KEY_STATEMENT.${code}` },
    });
  });

  it('a license signed by the key of a verified statement is accepted, until the root revokes the key', () => {
    const license = signLicense(goodClaims, { kid: KID, privateKey: pair.privateKey });
    const verifiedBy = (state: 'trusted' | 'revoked') => {
      const statement = verifyKeyStatement(signKeyStatement({ ...claims, state }, root.privateKey), root.publicKey);
      if (!statement.ok) throw new Error(statement.error.detail);
      return verifyLicense(license, contextWith({ trustedKeys: new Map([[statement.value.kid, statement.value]]) }));
    };
    expect(verifiedBy('trusted').ok).toBe(true);
    expect(verifiedBy('revoked')).toMatchObject({ error: { code: 'LICENSE_TOKEN.KEY_REVOKED' } });
  });

  it('a statement of another root is refused', () => {
    expect(verifyKeyStatement(good, createKeyPair().publicKey).ok).toBe(false);
  });

  it('a malformed statement is never signed', () => {
    expect(() => signKeyStatement({ ...claims, kid: '../x' }, root.privateKey)).toThrow('KEY_STATEMENT.SCHEMA');
  });
});

describe('keys', () => {
  const privateJwk = { ...exportPublicJwk(pair.publicKey), d: pair.privateKey.export({ format: 'jwk' }).d };

  it('a key read from its JWK is that key', () => {
    const read = importPrivateJwk(privateJwk);
    expect(read.ok && read.value.equals(pair.privateKey)).toBe(true);
    const readPublic = importPublicJwk(claims.jwk);
    expect(readPublic.ok && readPublic.value.equals(pair.publicKey)).toBe(true);
  });

  it('two halves that do not belong together are refused, and no failure repeats the secret', () => {
    const mixed = importPrivateJwk({ ...privateJwk, ...exportPublicJwk(root.publicKey) });
    expect(mixed.ok).toBe(false);
    expect(JSON.stringify(mixed)).not.toContain(privateJwk.d);
  });

  it('a root file is read when its kid is the thumbprint of its key', () => {
    const publicJwk = exportPublicJwk(root.publicKey);
    expect(importRootPublicKey({ kid: rootKid, publicJwk }).ok).toBe(true);
    expect(importRootPublicKey({ kid: KID, publicJwk }).ok).toBe(false);
    expect(importRootPublicKey(publicJwk).ok).toBe(false);
  });
});
