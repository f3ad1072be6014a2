import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { DEPLOYMENT, encode, forge, forgeHmac, goodClaims, goodHeader, KID, pair, trustedKey } from './fixtures.js';
import { exportPublicJwk } from '../keys/jwk.js';
import { createKeyPair } from '../keys/key-pair.js';
import { signLicense } from '../token/sign-license.js';
import type { VerificationContext } from '../token/verify-license.js';

export interface BadToken {
  readonly why: string;
  /** Subcode of LICENSE_TOKEN. */
  readonly code: string;
  readonly token: string;
  readonly context?: Partial<VerificationContext>;
}

const good = signLicense(goodClaims, { kid: KID, privateKey: pair.privateKey });
const [header = '', payload = '', signature = ''] = good.split('.');
const withHeader = (members: Record<string, unknown>) => forge({ ...goodHeader, ...members }, goodClaims);
const withClaims = (members: Record<string, unknown>) => forge(goodHeader, { ...goodClaims, ...members });
const bad = (code: string, why: string, token: string, context?: Partial<VerificationContext>): BadToken => ({
  why,
  code,
  token,
  ...(context && { context }),
});
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const form: BadToken[] = [
  bad('MALFORMED', 'nothing at all', ''),
  bad('MALFORMED', 'no dots', 'license'),
  bad('MALFORMED', 'truncated: the signature is cut off', `${header}.${payload}`),
  bad('MALFORMED', 'truncated: the signature is empty', `${header}.${payload}.`),
  bad('MALFORMED', 'no payload', `${header}..${signature}`),
  bad('MALFORMED', 'no header', `.${payload}.${signature}`),
  bad('MALFORMED', 'four parts', `${good}.${signature}`),
  bad('MALFORMED', 'an encrypted one (five parts)', `${header}.${payload}.${signature}.a.b`),
  bad('ENCODING', 'truncated: the last ten characters are cut off', good.slice(0, -10)),
  bad('ENCODING', 'the signature is padded', `${good}==`),
  bad('ENCODING', 'base64 instead of base64url', `${header}.${payload}.${signature.slice(0, -2)}+/`),
  bad('ENCODING', 'a space before it', ` ${good}`),
  bad('ENCODING', 'a line break after it', `${good}\n`),
  bad('ENCODING', 'the same signature in another spelling (spare bits set)', respell(good)),
  bad(
    'ENCODING',
    'the same signature re-encoded as DER',
    `${header}.${payload}.${derSignature(`${header}.${payload}`)}`,
  ),
  bad('MALFORMED', 'the JSON serialization of a JWS', JSON.stringify({ payload, protected: header, signature })),
  bad('TOO_LARGE', 'oversized by its modules', withClaims({ modules: manyModules(400) })),
  bad('TOO_LARGE', 'oversized by one unknown claim', withClaims({ filler: 'x'.repeat(16_384) })),
  bad('TOO_LARGE', 'a megabyte of dots', '.'.repeat(1_048_576)),
];

const headers: BadToken[] = [
  bad('HEADER_UNREADABLE', 'the header is no JSON', forge('not json', goodClaims)),
  bad('HEADER_UNREADABLE', 'the header is a list', forge([goodHeader], goodClaims)),
  bad('HEADER_UNREADABLE', 'the header is null', forge(null, goodClaims)),
  bad(
    'HEADER_UNREADABLE',
    'the header is no UTF-8',
    `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${payload}.${signature}`,
  ),
  bad('ALGORITHM', 'alg none with an ES256 signature', withHeader({ alg: 'none' })),
  bad('ALGORITHM', 'alg None', withHeader({ alg: 'None' })),
  bad('ALGORITHM', 'alg absent', forge({ typ: 'license+jwt', kid: KID }, goodClaims)),
  bad('ALGORITHM', 'alg in lower case', withHeader({ alg: 'es256' })),
  bad('ALGORITHM', 'alg swapped to ES384', withHeader({ alg: 'ES384' })),
  bad('ALGORITHM', 'alg swapped to RS256', withHeader({ alg: 'RS256' })),
  bad('ALGORITHM', 'alg swapped to EdDSA', withHeader({ alg: 'EdDSA' })),
  bad('ALGORITHM', 'alg is a list', withHeader({ alg: ['ES256'] })),
  bad(
    'ENCODING',
    'HS256 with the public key as secret: not even the length of a signature',
    forgeHmac({ ...goodHeader, alg: 'HS256' }, goodClaims, publicPem),
  ),
  bad('ALGORITHM', 'HS512 (64 bytes) with the public key as secret', hs512(publicPem)),
  bad('TYPE', 'typ absent', forge({ alg: 'ES256', kid: KID }, goodClaims)),
  bad('TYPE', 'typ JWT', withHeader({ typ: 'JWT' })),
  bad('TYPE', 'a key statement', withHeader({ typ: 'key-statement+jwt' })),
  bad('TYPE', 'an access token', withHeader({ typ: 'at+jwt' })),
  bad('KID_MALFORMED', 'kid absent', forge({ alg: 'ES256', typ: 'license+jwt' }, goodClaims)),
  bad('KID_MALFORMED', 'kid empty', withHeader({ kid: '' })),
  bad('KID_MALFORMED', 'kid is a path', withHeader({ kid: '../../../dev/null' })),
  bad('KID_MALFORMED', 'kid is SQL', withHeader({ kid: "a' UNION SELECT 'key" })),
  bad('KID_MALFORMED', 'kid is an address', withHeader({ kid: 'https://evil.example/key' })),
  bad('KID_MALFORMED', 'kid is a number', withHeader({ kid: 1 })),
  bad('KID_MALFORMED', 'kid of 65 characters', withHeader({ kid: 'k'.repeat(65) })),
  bad('HEADER_MEMBERS', 'jku: an address of keys', withHeader({ jku: 'https://evil.example/jwks.json' })),
  bad('HEADER_MEMBERS', 'jwk: brings its own key', withHeader({ jwk: exportPublicJwk(createKeyPair().publicKey) })),
  bad('HEADER_MEMBERS', 'x5u: an address of a certificate', withHeader({ x5u: 'https://evil.example/cert' })),
  bad('HEADER_MEMBERS', 'x5c: brings its own certificate', withHeader({ x5c: ['MIIB'] })),
  bad('HEADER_MEMBERS', 'crit: an extension that must be understood', withHeader({ crit: ['exp'], exp: 1 })),
  bad('HEADER_MEMBERS', 'crit: empty', withHeader({ crit: [] })),
  bad('HEADER_MEMBERS', 'b64 false', withHeader({ b64: false })),
  bad('HEADER_MEMBERS', 'any other member', withHeader({ note: 'hello' })),
  bad(
    'HEADER_MEMBERS',
    'alg twice, of which a parser believes the last',
    forge(`{"alg":"none","alg":"ES256","typ":"license+jwt","kid":"${KID}"}`, goodClaims),
  ),
  bad('HEADER_MEMBERS', 'a header spelled with spaces', forge(JSON.stringify(goodHeader, null, 1), goodClaims)),
];

const other = createKeyPair();
const keyContext = (changes: Parameters<typeof trustedKey>[2]) => ({
  trustedKeys: new Map([[KID, trustedKey(KID, pair.publicKey, changes)]]),
});
const asPem = {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
} as const;
const p384 = createPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-384', ...asPem }).publicKey);
const rsa = createPublicKey(generateKeyPairSync('rsa', { modulusLength: 2048, ...asPem }).publicKey);

const keys: BadToken[] = [
  bad('KEY_UNKNOWN', 'a kid that nobody trusts', withHeader({ kid: 'other' })),
  bad('KEY_UNKNOWN', 'a kid that is a member of every object', withHeader({ kid: '__proto__' })),
  bad('KEY_UNKNOWN', 'a kid that is a method of every object', withHeader({ kid: 'constructor' })),
  bad('KEY_UNKNOWN', 'no key is trusted at all', good, { trustedKeys: new Map() }),
  bad('KEY_REVOKED', 'its key is revoked', good, keyContext({ state: 'revoked' })),
  bad(
    'KEY_NOT_YET_VALID',
    'its key is valid from tomorrow',
    good,
    keyContext({ notBefore: '2026-04-11T12:00:00.000Z' }),
  ),
  bad('KEY_EXPIRED', 'its key ended this instant', good, keyContext({ notAfter: '2026-04-10T12:00:00.000Z' })),
  bad('SIGNATURE', 'signed by another key under this kid', forge(goodHeader, goodClaims, other.privateKey)),
  bad('SIGNATURE', 'the kid of another trusted key', withHeader({ kid: 'b' }), {
    trustedKeys: new Map([['b', trustedKey('b', other.publicKey)]]),
  }),
  bad(
    'SIGNATURE',
    'its payload was changed after signing',
    `${header}.${encode({ ...goodClaims, version: 8 })}.${signature}`,
  ),
  bad(
    'SIGNATURE',
    'its header was swapped after signing',
    `${encode({ kid: KID, alg: 'ES256', typ: 'license+jwt' })}.${payload}.${signature}`,
  ),
  bad('SIGNATURE', 'a signature of zeros', `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`),
  bad(
    'SIGNATURE',
    'the signature of another license',
    `${header}.${payload}.${withClaims({ version: 8 }).split('.')[2] ?? ''}`,
  ),
  bad('SIGNATURE', 'r and s swapped', `${header}.${payload}.${swapHalves(signature)}`),
  bad('SIGNATURE', 'a trusted key of another curve', good, {
    trustedKeys: new Map([[KID, { ...trustedKey(KID, pair.publicKey), publicKey: p384 }]]),
  }),
  bad('SIGNATURE', 'a trusted key of another kind', good, {
    trustedKeys: new Map([[KID, { ...trustedKey(KID, pair.publicKey), publicKey: rsa }]]),
  }),
];

const identity: BadToken[] = [
  bad('PAYLOAD_UNREADABLE', 'the payload is no JSON', forge(goodHeader, 'license')),
  bad('PAYLOAD_UNREADABLE', 'the payload is a list', forge(goodHeader, [goodClaims])),
  bad('PAYLOAD_UNREADABLE', 'the payload is a text', forge(goodHeader, '"license"')),
  bad('ISSUER', 'another issuer', withClaims({ iss: 'evil' })),
  bad('ISSUER', 'no issuer', withClaims({ iss: undefined })),
  bad('ISSUER', 'the issuer in upper case', withClaims({ iss: 'Biplane' })),
  bad('ISSUER', 'a list of issuers', withClaims({ iss: ['biplane'] })),
  bad('AUDIENCE', 'another deployment', withClaims({ aud: 'deployment:0196fbd0-0000-7000-8000-00000000d002' })),
  bad('AUDIENCE', 'asked for another deployment', good, {
    expectedDeploymentId: '0196fbd0-0000-7000-8000-00000000d002',
  }),
  bad('AUDIENCE', 'no audience', withClaims({ aud: undefined })),
  bad('AUDIENCE', 'the deployment without its prefix', withClaims({ aud: DEPLOYMENT })),
  bad('AUDIENCE', 'the tenant', withClaims({ aud: `tenant:${DEPLOYMENT}` })),
  bad('AUDIENCE', 'a list with the deployment in it', withClaims({ aud: [`deployment:${DEPLOYMENT}`] })),
  bad('AUDIENCE', 'the deployment and more', withClaims({ aud: `deployment:${DEPLOYMENT} ` })),
];

const iat = (text: string) => Date.parse(text) / 1000;
const order: BadToken[] = [
  bad('VERSION_LOWER', 'a lower version', good, { highest: { version: 8, payloadHash: 'a' } }),
  bad('VERSION_LOWER', 'version 7 where 2^53 - 1 was seen', good, {
    highest: { version: Number.MAX_SAFE_INTEGER, payloadHash: 'a' },
  }),
  bad('VERSION_REUSED', 'the same version with other content', good, {
    highest: { version: 7, payloadHash: 'a'.repeat(64) },
  }),
  bad('ISSUED_IN_FUTURE', 'issued 61 s ahead', withClaims({ iat: iat('2026-04-10T12:01:01Z') })),
  bad('ISSUED_IN_FUTURE', 'issued in ten years', withClaims({ iat: iat('2036-01-01T00:00:00Z') })),
  bad('EXPIRED', 'expired this instant', withClaims({ exp: iat('2026-04-10T12:00:00Z') })),
  bad(
    'EXPIRED',
    'expired a month ago',
    withClaims({ iat: iat('2026-03-01T00:00:00Z'), exp: iat('2026-03-08T00:00:00Z') }),
  ),
  bad('EXPIRED', 'expired by a clock that was set back since', good, {
    newest: { issuedAtSeconds: goodClaims.exp - 60, monotonicMsSince: 60_000 },
  }),
];

export const badTokens: readonly BadToken[] = [...form, ...headers, ...keys, ...identity, ...order];
export const goodToken = good;

function respell(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.slice(-1));
  return token.slice(0, -1) + alphabet.charAt(last + 1);
}

function derSignature(input: string): string {
  return createSign('sha256').update(input).sign(pair.privateKey).toString('base64url');
}

function swapHalves(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  return Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]).toString('base64url');
}

function hs512(secret: string): string {
  const input = `${encode({ ...goodHeader, alg: 'HS512' })}.${encode(goodClaims)}`;
  // 64 bytes, as an ES256 signature has: it gets past the form and must fail at the algorithm.
  return `${input}.${createHmac('sha512', secret).update(input).digest('base64url')}`;
}

function manyModules(count: number) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`module_${i}`, { features: ['a_feature'], limits: [] }]),
  );
}
