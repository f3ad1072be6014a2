import { sign, type KeyObject } from 'node:crypto';
import { RefusalError } from '@biplane/kernel';
import { LICENSE_BYTES_MAX, type LicenseClaims } from '../claims/claims.js';
import { licenseProblems } from '../claims/claims-shape.js';
import { KID_PATTERN } from '../keys/jwk.js';
import { LicenseTokenErrors } from './license-token.errors.js';

export const LICENSE_TYPE = 'license+jwt';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Whoever holds a private key: a process, a vault, a key service. Gives the 64 bytes of r and s, as JWS has them. */
export interface LicenseSigner {
  readonly kid: string;
  sign(signingInput: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs a license. What no home would accept is never signed: a document that is malformed, has an unknown member or is larger than
 * 16 KB throws a RefusalError with the same code with which a home would refuse it.
 */
export function signLicense(claims: LicenseClaims, key: SigningKey): string {
  const input = signingInput(claims, key.kid);
  return compactOf(input, sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }));
}

/** The same by a key that this process does not hold. */
export async function signLicenseWith(claims: LicenseClaims, signer: LicenseSigner): Promise<string> {
  const input = signingInput(claims, signer.kid);
  return compactOf(input, await signer.sign(Buffer.from(input)));
}

function signingInput(claims: LicenseClaims, kid: string): string {
  const problems = licenseProblems(claims, 'refuse').map((problem) => ({ ...problem, code: 'INVALID' }));
  if (problems.length > 0) {
    throw new RefusalError(
      LicenseTokenErrors.SCHEMA({ detail: 'The license to be signed is malformed', errors: problems }),
    );
  }
  if (!KID_PATTERN.test(kid)) {
    throw new RefusalError(LicenseTokenErrors.KID_MALFORMED({ detail: 'The key id of the signing key is malformed' }));
  }
  return `${encoded({ alg: 'ES256', typ: LICENSE_TYPE, kid })}.${encoded(claims)}`;
}

function compactOf(input: string, signature: Uint8Array): string {
  const compact = `${input}.${Buffer.from(signature).toString('base64url')}`;
  if (Buffer.byteLength(compact) > LICENSE_BYTES_MAX) {
    throw new RefusalError(
      LicenseTokenErrors.TOO_LARGE({ detail: `The license has ${Buffer.byteLength(compact)} bytes` }),
    );
  }
  return compact;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
