import { createHmac, createSign, type KeyObject } from 'node:crypto';
import type { LicenseClaims } from '../claims/claims.js';
import { exportPublicJwk } from '../keys/jwk.js';
import { createKeyPair } from '../keys/key-pair.js';
import type { TrustedKey } from '../keys/key-statement.js';
import type { VerificationContext } from '../token/verify-license.js';

/** What the specs of this library share. Not exported from the library. */

export const NOW = new Date('2026-04-10T12:00:00.000Z');
export const DEPLOYMENT = '0196fbd0-0000-7000-8000-00000000d001';
export const HOME = '0196fbd0-0000-7000-8000-00000000a001';

const seconds = (text: string): number => Date.parse(text) / 1000;

export const goodClaims: LicenseClaims = {
  iss: 'biplane',
  sub: '0196fbd0-0000-7000-8000-000000007001',
  aud: `deployment:${DEPLOYMENT}`,
  jti: '0196fbd0-0000-7000-8000-0000000000f1',
  iat: seconds('2026-04-10T11:00:00Z'),
  exp: seconds('2026-04-17T11:00:00Z'),
  version: 7,
  status: 'active',
  startsAt: '2026-03-31T10:00:00.000Z',
  noticeAt: '2026-04-24T00:00:00.000Z',
  termEndsAt: '2026-05-01T00:00:00.000Z',
  graceEndsAt: '2026-05-15T00:00:00.000Z',
  calendar: { timeZone: 'Australia/Brisbane' },
  deployment: { id: DEPLOYMENT, type: 'shared', region: 'eu-1' },
  placement: { homeId: HOME, epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
  plan: { code: 'studio', version: 1 },
  featureFlags: { beta_reports: true },
  modules: {
    financials: {
      features: ['automated_billing', 'statement_runs'],
      limits: [
        {
          meter: 'api_calls',
          authority: 'data',
          aggregation: 'sum',
          cap: '100000',
          window: 'month',
          strategy: 'hard_block',
          warnAt: ['0.8', '1'],
        },
      ],
    },
  },
  meters: {
    api_calls: { authority: 'data', aggregation: 'sum' },
    droplet_hours: { authority: 'data', aggregation: 'sum' },
  },
};

export const pair = createKeyPair();
export const KID = '2026-03-a';

export function trustedKey(kid: string, publicKey: KeyObject, changes: Partial<TrustedKey> = {}): TrustedKey {
  return {
    kid,
    jwk: exportPublicJwk(publicKey),
    publicKey,
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2027-01-01T00:00:00.000Z',
    state: 'trusted',
    ...changes,
  };
}

export function contextWith(changes: Partial<VerificationContext> = {}): VerificationContext {
  return {
    trustedKeys: new Map([[KID, trustedKey(KID, pair.publicKey)]]),
    expectedDeploymentId: DEPLOYMENT,
    now: NOW,
    ...changes,
  };
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export const goodHeader = { alg: 'ES256', typ: 'license+jwt', kid: KID };

/** A compact JWS over any header and payload, signed truly: what only the holder of the key could make. */
export function forge(header: unknown, payload: unknown, key: KeyObject = pair.privateKey): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export function forgeHmac(header: unknown, payload: unknown, secret: string | Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
