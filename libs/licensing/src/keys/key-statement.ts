import { createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { err, ok, orThrow, type Result } from '@biplane/kernel';
import { instant, literal, object, text } from '../claims/shape.js';
import { decodeObject, isSpelledOnce, splitCompact } from '../token/compact.js';
import { KeyStatementErrors } from '../token/license-token.errors.js';
import { exportPublicJwk, importPublicJwk, jwkThumbprint, KID_PATTERN, type PublicJwk } from './jwk.js';

export const KEY_STATEMENT_TYPE = 'key-statement+jwt';
export const KEY_STATEMENT_BYTES_MAX = 4 * 1024;

export type KeyState = 'trusted' | 'revoked';

/** What the offline root says of one signing key. */
export interface KeyStatementClaims {
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** The key signs for `[notBefore, notAfter)`. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly state: KeyState;
}

/** A statement whose signature was verified, with its key parsed once: what `verifyLicense` is given. */
export interface TrustedKey extends KeyStatementClaims {
  readonly publicKey: KeyObject;
}

const anything = () => [];
const statementShape = object({
  kid: text(KID_PATTERN, 'a key id of letters, digits, - and _'),
  jwk: anything, // importPublicJwk reads it, with its own code
  notBefore: instant,
  notAfter: instant,
  state: literal('trusted', 'revoked'),
});

function readStatement(value: unknown): Result<TrustedKey> {
  const problems = statementShape(value, 'refuse').map((problem) => ({ ...problem, code: 'INVALID' }));
  if (problems.length > 0) {
    return err(KeyStatementErrors.SCHEMA({ detail: 'The key statement is malformed', errors: problems }));
  }
  const claims = value as KeyStatementClaims;
  if (claims.notBefore >= claims.notAfter) {
    return err(KeyStatementErrors.SCHEMA({ detail: 'The key statement ends before it begins' }));
  }
  const publicKey = importPublicJwk(claims.jwk);
  return publicKey.ok ? ok({ ...claims, publicKey: publicKey.value }) : publicKey;
}

/** Signs what the root says of a key. Throws a RefusalError for a statement that nobody would accept. */
export function signKeyStatement(claims: KeyStatementClaims, rootPrivateKey: KeyObject): string {
  orThrow(readStatement(claims));
  const { kid, jwk, notBefore, notAfter, state } = claims;
  const rootKid = jwkThumbprint(exportPublicJwk(createPublicKey(rootPrivateKey)));
  return jwt.sign({ kid, jwk, notBefore, notAfter, state }, rootPrivateKey, {
    algorithm: 'ES256',
    noTimestamp: true,
    header: { alg: 'ES256', typ: KEY_STATEMENT_TYPE, kid: rootKid },
  });
}

/** Verifies a statement against the one root. It has no time of its own: whether its key may sign now is asked at each license. */
export function verifyKeyStatement(compact: string, rootPublicKey: KeyObject): Result<TrustedKey> {
  if (Buffer.byteLength(compact) > KEY_STATEMENT_BYTES_MAX) {
    return err(KeyStatementErrors.TOO_LARGE({ detail: 'The key statement is too large' }));
  }
  const parts = splitCompact(compact);
  if ('problem' in parts)
    return err(KeyStatementErrors.MALFORMED({ detail: 'The key statement is not a compact JWS' }));
  const header = decodeObject(parts.header);
  const isExpected =
    header !== undefined &&
    isSpelledOnce(parts.header, header) &&
    Object.keys(header).length === 3 &&
    header['alg'] === 'ES256' &&
    header['typ'] === KEY_STATEMENT_TYPE &&
    header['kid'] === jwkThumbprint(exportPublicJwk(rootPublicKey));
  if (!isExpected)
    return err(KeyStatementErrors.HEADER({ detail: 'The header is not exactly {alg, typ, kid} of this root' }));
  try {
    jwt.verify(compact, rootPublicKey, { algorithms: ['ES256'], ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    return err(KeyStatementErrors.SIGNATURE({ detail: 'The key statement is not signed by this root' }));
  }
  return readStatement(decodeObject(parts.payload));
}
