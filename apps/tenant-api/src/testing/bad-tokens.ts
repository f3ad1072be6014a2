import type { TestIssuer } from '@biplane/testing';
import { createHmac, createSign, type KeyObject } from 'node:crypto';
import type { LicenseClaims } from '@biplane/licensing';

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function forge(header: unknown, payload: unknown, key: KeyObject): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/**
 * At least sixty tokens that look like the good one and that no home may take. They keep the form of a compact JWS, because another form
 * is refused before: each reaches the verification, which has its own code for each and its own suite.
 */
export function badTokens(good: LicenseClaims, issuer: TestIssuer, kid: string): string[] {
  const key = issuer.privateKey(kid);
  const header = { alg: 'ES256', typ: 'license+jwt', kid };
  const headers: unknown[] = [
    ...['none', 'None', 'HS256', 'RS256', 'ES384', 'EdDSA', '', null, 256].map((alg) => ({ ...header, alg })),
    ...['JWT', 'at+jwt', 'key-statement+jwt', '', null].map((typ) => ({ ...header, typ })),
    ...['', 'other', '../k', 'k'.repeat(65), null, 7].map((other) => ({ ...header, kid: other })),
    ...['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'cty'].map((name) => ({ ...header, [name]: ['exp'] })),
  ];
  const members: readonly (keyof LicenseClaims)[] = [
    ...(['sub', 'jti', 'version', 'status', 'startsAt', 'noticeAt', 'termEndsAt', 'graceEndsAt', 'calendar'] as const),
    ...(['deployment', 'placement', 'plan', 'modules', 'iat', 'exp', 'iss', 'aud'] as const),
  ];
  const without = members.map((member) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== member)));
  const changed: unknown[] = [
    ...['', 'somebody', ['biplane'], null].map((iss) => ({ ...good, iss })),
    ...['deployment:other', good.deployment.id, [good.aud], null].map((aud) => ({ ...good, aud })),
    ...[0, -1, 1.5, '8', 2 ** 53].map((version) => ({ ...good, version })),
    { ...good, version: good.version, jti: '0196fbd0-0000-7000-8000-0000000000ff' },
    { ...good, exp: good.iat - 1, version: good.version + 1 },
    { ...good, status: 'unlimited', version: good.version + 1 },
    { ...good, modules: { financials: { features: 'all', limits: [] } }, version: good.version + 1 },
    [],
    'license',
  ];
  const stranger = issuer.privateKey('a-key-that-no-root-has-named');
  const token = forge(header, { ...good, version: good.version + 1 }, key);
  const [head = '', body = '', signature = ''] = token.split('.');
  const hmac = createHmac('sha256', issuer.publicPem(kid)).update(`${encode({ ...header, alg: 'HS256' })}.${body}`);
  return [
    ...headers.map((other) => forge(other, good, key)),
    ...without.map((payload) => forge(header, payload, key)),
    ...changed.map((payload) => forge(header, payload, key)),
    forge(header, { ...good, version: good.version + 1 }, stranger),
    `${encode({ ...header, alg: 'HS256' })}.${body}.${hmac.digest('base64url')}`,
    `${head}.${encode({ ...good, version: good.version + 2 })}.${signature}`,
    `${head}.${body}.${signature.slice(0, -4)}`,
    `${head}.${body.slice(0, -3)}.${signature}`,
  ];
}
