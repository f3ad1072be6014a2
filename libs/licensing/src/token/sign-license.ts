import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
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

/**
 * Signs a license. What no home would accept is never signed: a document that is malformed, has an unknown member or is larger than
 * 16 KB throws a RefusalError with the same code with which a home would refuse it.
 */
export function signLicense(claims: LicenseClaims, key: SigningKey): string {
  const problems = licenseProblems(claims, 'refuse').map((problem) => ({ ...problem, code: 'INVALID' }));
  if (problems.length > 0) {
    throw new RefusalError(
      LicenseTokenErrors.SCHEMA({ detail: 'The license to be signed is malformed', errors: problems }),
    );
  }
  if (!KID_PATTERN.test(key.kid)) {
    throw new RefusalError(LicenseTokenErrors.KID_MALFORMED({ detail: 'The key id of the signing key is malformed' }));
  }
  const compact = jwt.sign({ ...claims }, key.privateKey, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: LICENSE_TYPE, kid: key.kid },
  });
  if (Buffer.byteLength(compact) > LICENSE_BYTES_MAX) {
    throw new RefusalError(
      LicenseTokenErrors.TOO_LARGE({ detail: `The license has ${Buffer.byteLength(compact)} bytes` }),
    );
  }
  return compact;
}
