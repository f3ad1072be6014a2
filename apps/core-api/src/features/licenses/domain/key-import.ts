import type { PublicJwk } from '@biplane/licensing';

export interface ReadStatement {
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * What a statement says, or what is wrong with it. core-api does not hold the root's key, so it cannot verify the
 * signature; every home does. What is checked here is that the statement speaks of this very key.
 */
export function readStatement(
  payload: unknown,
  expected: { readonly kid: string; readonly jwk: PublicJwk; readonly state: 'trusted' | 'revoked' },
): ReadStatement | string {
  if (typeof payload !== 'object' || payload === null) return 'is not a compact JWS with a JSON payload';
  const { kid, jwk, notBefore, notAfter, state } = payload as Record<string, unknown>;
  if (kid !== expected.kid) return 'speaks of another kid';
  if (state !== expected.state) return `does not say "${expected.state}"`;
  const key = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as Record<string, unknown>;
  if (key['x'] !== expected.jwk.x || key['y'] !== expected.jwk.y) return 'speaks of another key';
  const [from, to] = [instant(notBefore), instant(notAfter)];
  if (from === null || to === null || from >= to) return 'has no valid notBefore and notAfter';
  return { kid: expected.kid, jwk: expected.jwk, notBefore: from, notAfter: to };
}

function instant(value: unknown): Date | null {
  const millis = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(millis) ? null : new Date(millis);
}
