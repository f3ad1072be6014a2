import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '@biplane/kernel';
import { isPlainObject } from '../claims/shape.js';
import { KeyStatementErrors } from '../token/license-token.errors.js';

/** The public half of an ES256 key: exactly these members, so that no other use, algorithm or private part slips in. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** 32 bytes as base64url. */
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/** Also the last path segment, topic key and log field that a key id becomes: nothing in it can mean something there. */
export const KID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

const invalid = (detail: string): Result<never> => err(KeyStatementErrors.KEY_INVALID({ detail }));

function hasExactly(value: unknown, members: readonly string[]): value is Record<string, unknown> {
  if (!isPlainObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === members.length && members.every((member) => keys.includes(member));
}

function isCurveKey(value: Record<string, unknown>): boolean {
  const coordinates = [value['x'], value['y'], 'd' in value ? value['d'] : value['x']];
  return (
    value['kty'] === 'EC' &&
    value['crv'] === 'P-256' &&
    coordinates.every((text) => typeof text === 'string' && COORDINATE.test(text))
  );
}

/** Reads a public JWK once into a `KeyObject` (a PEM or JWK parsed at every call is seven times slower). */
export function importPublicJwk(value: unknown): Result<KeyObject> {
  if (!hasExactly(value, ['kty', 'crv', 'x', 'y']) || !isCurveKey(value)) {
    return invalid('A public key has exactly the members kty, crv, x and y, and is on the curve P-256');
  }
  try {
    return ok(createPublicKey({ key: value as Record<string, string>, format: 'jwk' }));
  } catch {
    return invalid('The point of the public key is not on its curve');
  }
}

/** Reads a private JWK once into a `KeyObject`. No failure ever repeats a part of the key. */
export function importPrivateJwk(value: unknown): Result<KeyObject> {
  if (!hasExactly(value, ['kty', 'crv', 'x', 'y', 'd']) || !isCurveKey(value)) {
    return invalid('A private key has exactly the members kty, crv, x, y and d, and is on the curve P-256');
  }
  try {
    const key = createPrivateKey({ key: value as Record<string, string>, format: 'jwk' });
    // OpenSSL takes the public point as given: halves that do not belong together would sign what nobody can verify, so it is tried.
    const proof = Buffer.from('biplane');
    const isPair = verify('sha256', proof, createPublicKey(key), sign('sha256', proof, key));
    return isPair ? ok(key) : invalid('The two halves of the key do not belong together');
  } catch {
    return invalid('The private key cannot be read');
  }
}

export function exportPublicJwk(key: KeyObject): PublicJwk {
  const { x, y } = key.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
}

/** RFC 7638: the key's own name. The root's key id is its thumbprint, so a statement names the root that signed it. */
export function jwkThumbprint(jwk: PublicJwk): string {
  // The members in lexicographic order, without spaces: as the RFC hashes them.
  const text = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return createHash('sha256').update(text).digest('base64url');
}

/** Reads the content of `root.pub.json`, `{kid, publicJwk}`: the trust root that a tenant-api is configured with. */
export function importRootPublicKey(value: unknown): Result<KeyObject> {
  if (!hasExactly(value, ['kid', 'publicJwk'])) return invalid('A root file has exactly the members kid and publicJwk');
  const key = importPublicJwk(value['publicJwk']);
  if (!key.ok) return key;
  return value['kid'] === jwkThumbprint(value['publicJwk'] as PublicJwk)
    ? key
    : invalid('The kid of a root is the thumbprint of its key');
}
