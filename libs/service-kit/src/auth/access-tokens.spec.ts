import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import type { Ids } from '../clock/ids.js';
import { AccessTokens, TOKEN_LIFETIME_SECONDS } from './access-tokens.js';
import { parseClients } from './clients.js';
import { holdsAnyScope, principalMayRead, principalMayUseRegion } from './principal.js';
import { RateLimiter } from './rate-limiter.js';
import { parseBasic } from './token.controller.js';

const pem = (curve = 'P-256'): string =>
  generateKeyPairSync('ec', {
    namedCurve: curve,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
const START = new Date('2026-04-01T00:00:00Z');
const ids: Ids = { uuid: () => '0190a5d2-7b1c-7000-8000-000000000001', random: (bytes) => new Uint8Array(bytes) };
const tokensAt = (issuer: string, key: string, at = START): AccessTokens =>
  new AccessTokens(issuer, key, { now: () => at }, ids);
const HASH = `scrypt$16384$${'a'.repeat(22)}$${'a'.repeat(43)}`;

describe('access tokens', () => {
  const key = pem();
  const control = tokensAt('biplane-control', key);
  const admin = { clientId: 'admin', scopes: ['platform:admin', 'tenant:t1'], regions: ['eu-1'] };

  it('carry the principal, by the Clock', () => {
    const token = control.sign(admin);
    expect(control.verify(token)).toEqual({ ok: true, value: { ...admin, tenantId: 't1' } });
    const later = (seconds: number): AccessTokens =>
      tokensAt('biplane-control', key, new Date(START.getTime() + seconds * 1000));
    expect(later(TOKEN_LIFETIME_SECONDS - 1).verify(token).ok).toBe(true);
    expect(later(TOKEN_LIFETIME_SECONDS + 10).verify(token).ok).toBe(false);
    expect(jwt.decode(token, { complete: true })?.header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  });

  it('of the other plane or another home are refused, even under the same key', () => {
    expect(tokensAt('biplane-data:h1', key).verify(control.sign(admin)).ok).toBe(false);
    expect(tokensAt('biplane-data:h2', key).verify(tokensAt('biplane-data:h1', key).sign(admin)).ok).toBe(false);
  });

  const signed = (header: object, claims: object = {}, secret: jwt.Secret = createPrivateKey(key)): string => {
    const iat = START.getTime() / 1000;
    const full = { iss: 'biplane-control', aud: 'biplane-control', client_id: 'x', scope: 'a', iat, exp: iat + 60 };
    const { kid } = jwt.decode(control.sign(admin), { complete: true })!.header;
    return jwt.sign({ ...full, ...claims }, secret, {
      header: { alg: 'ES256', typ: 'at+jwt', kid, ...header } as jwt.JwtHeader,
    });
  };
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  it.each([
    ['signed by another key', signed({}, {}, createPrivateKey(pem()))],
    ['signed with the public key as an HMAC secret', signed({ alg: 'HS256' }, {}, Buffer.from(publicPem))],
    ['unsigned', `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.e30.`],
    ['of another type', signed({ typ: 'license+jwt' })],
    ['of another key id', signed({ kid: 'other' })],
    ['for another audience', signed({}, { aud: 'biplane-data:h1' })],
    ['without a client', signed({}, { client_id: undefined })],
    ['too long', `${control.sign(admin)}${'a'.repeat(8_192)}`],
    ['no token at all', 'a.b.c'],
  ])('one %s is refused', (_, token) => {
    expect(control.verify(token)).toMatchObject({ ok: false, error: { code: 'AUTH.TOKEN_INVALID' } });
  });

  it('a well-formed one made by hand is accepted, so the refusals above have their own reasons', () => {
    expect(control.verify(signed({})).ok).toBe(true);
  });

  it('a key of another curve is refused at start', () => {
    expect(() => tokensAt('biplane-control', pem('P-384'))).toThrow('P-256');
  });
});

describe('scopes', () => {
  const tenant = { clientId: 'acme', scopes: ['tenant:t1'], regions: null, tenantId: 't1' };
  const admin = { clientId: 'admin', scopes: ['platform:read'], regions: ['eu-1'] };

  it('any one of those needed is enough, and none implies another', () => {
    expect(holdsAnyScope(admin, ['platform:admin', 'platform:read'])).toBe(true);
    expect(holdsAnyScope(admin, ['platform:admin'])).toBe(false);
    expect(holdsAnyScope(admin, [])).toBe(false);
    expect(holdsAnyScope(tenant, ['tenant:*'])).toBe(true);
    expect(holdsAnyScope(admin, ['tenant:*'])).toBe(false);
  });

  it('a tenant reads its own objects only, and a bound client uses its regions only', () => {
    expect([principalMayRead(tenant, 't1'), principalMayRead(tenant, 't2'), principalMayRead(admin, 't2')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([principalMayUseRegion(admin, 'eu-1'), principalMayUseRegion(admin, 'us-1')]).toEqual([true, false]);
    expect(principalMayUseRegion(tenant, 'us-1')).toBe(true);
  });
});

describe('clients', () => {
  it.each([
    ['no array', {}],
    ['a plain secret', [{ id: 'a', secretHash: 'secret', scopes: [] }]],
    ['a malformed scope', [{ id: 'a', secretHash: HASH, scopes: ['everything'] }]],
    ['two tenants', [{ id: 'a', secretHash: HASH, scopes: ['tenant:a', 'tenant:b'] }]],
    ['the wildcard tenant', [{ id: 'a', secretHash: HASH, scopes: ['tenant:*'] }]],
    ['the same id twice', [1, 2].map(() => ({ id: 'a', secretHash: HASH, scopes: [] }))],
  ])('a file with %s is refused', (_, document) => {
    expect(() => parseClients(JSON.stringify(document))).toThrow('CLIENTS_FILE');
  });

  it('HTTP Basic is read with and without form encoding', () => {
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(parseBasic(basic('a%3Ab:s%20x'))).toEqual({ id: 'a:b', secret: 's x' });
    expect(parseBasic(basic('a:50%'))).toEqual({ id: 'a', secret: '50%' });
    expect(parseBasic(basic('nocolon'))).toBeNull();
    expect(parseBasic(undefined)).toBeNull();
  });
});

describe('RateLimiter', () => {
  it('lets a burst through, then as much as flows in, for each key alone', () => {
    let nowMs = 0;
    const limiter = new RateLimiter({ perSecond: 2, burst: 3 }, () => nowMs);
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1]);
    expect(limiter.take('b')).toBe(0);
    nowMs = 500;
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 1]);
    nowMs = 3_600_000;
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1]);
  });
});
