import { hash, verify, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '@biplane/kernel';
import { audienceOf, LICENSE_BYTES_MAX, LICENSE_ISSUER, type LicenseClaims } from '../claims/claims.js';
import { licenseProblems } from '../claims/claims-shape.js';
import { KID_PATTERN } from '../keys/jwk.js';
import type { TrustedKey } from '../keys/key-statement.js';
import { effectiveNow, type NewestIssue } from './effective-time.js';
import { decodeObject, isSpelledOnce, splitCompact } from './compact.js';
import { LicenseTokenErrors } from './license-token.errors.js';
import { LICENSE_TYPE } from './sign-license.js';

/** How far the clocks of the two planes may differ before a document counts as one from the future. */
export const CLOCK_SKEW_MS_MAX = 60_000;

/** The newest license of a deployment that was ever accepted: nothing older is accepted again. */
export interface HighestSeen {
  readonly version: number;
  /** SHA-256 of the payload, hex. The signature may differ (ES256 is random), the content may not. */
  readonly payloadHash: string;
}

export interface VerificationContext {
  /** By key id; the revoked ones included, so that their refusal says so. */
  readonly trustedKeys: ReadonlyMap<string, TrustedKey>;
  readonly expectedDeploymentId: string;
  readonly highest?: HighestSeen | undefined;
  /** Of the Clock. */
  readonly now: Date;
  readonly newest?: NewestIssue | undefined;
}

export interface VerifiedLicense extends HighestSeen {
  readonly claims: LicenseClaims;
  readonly compact: string;
  readonly kid: string;
  /** Equal to the highest seen: nothing new, nothing to do. */
  readonly isRepeat: boolean;
}

type Signed = Omit<VerifiedLicense, 'isRepeat'>;

/**
 * Verifies a license in the one order that the contract fixes: size, header, key, signature, issuer, audience, schema, version, time.
 * Each step has its own code and none can be switched off.
 */
export function verifyLicense(compact: string, context: VerificationContext): Result<VerifiedLicense> {
  // Not a refusal but a bug: verifying for nobody in particular would accept everybody's license.
  if (!context.expectedDeploymentId)
    throw new TypeError('verifyLicense needs the deployment that the license is asked for');
  const now = effectiveNow(context.now, context.newest);
  const signed = verifySigned(compact, context, now);
  if (!signed.ok) return signed;
  const version = checkVersion(signed.value, context.highest);
  if (!version.ok) return version;
  const time = checkTime(signed.value.claims, now);
  if (!time.ok) return time;
  return ok({ ...signed.value, isRepeat: context.highest?.version === signed.value.version });
}

/**
 * Verifies a license again that this home had verified and stored, at its start: all steps but version (it *is* the highest) and time
 * (an expired license still says in whose calendar usage is counted; every decision asks for its state anyway).
 */
export function verifyStoredLicense(
  compact: string,
  context: Pick<VerificationContext, 'trustedKeys' | 'expectedDeploymentId' | 'now' | 'newest'>,
): Result<Signed> {
  if (!context.expectedDeploymentId)
    throw new TypeError('verifyStoredLicense needs the deployment that the license is asked for');
  return verifySigned(compact, context, effectiveNow(context.now, context.newest));
}

function verifySigned(
  compact: string,
  { trustedKeys, expectedDeploymentId }: Pick<VerificationContext, 'trustedKeys' | 'expectedDeploymentId'>,
  now: Date,
): Result<Signed> {
  if (typeof compact !== 'string') return err(LicenseTokenErrors.MALFORMED({ detail: 'The license is not a text' }));
  const bytes = Buffer.byteLength(compact);
  if (bytes > LICENSE_BYTES_MAX) return err(LicenseTokenErrors.TOO_LARGE({ detail: `The license has ${bytes} bytes` }));
  const parts = splitCompact(compact);
  if ('problem' in parts) {
    return parts.problem === 'form'
      ? err(LicenseTokenErrors.MALFORMED({ detail: 'The license does not have three parts' }))
      : err(LicenseTokenErrors.ENCODING({ detail: 'A part of the license is not canonical base64url' }));
  }
  const kid = readHeader(parts.header);
  if (!kid.ok) return kid;
  const key = findKey(trustedKeys, kid.value, now);
  if (!key.ok) return key;
  if (!isSignedBy(key.value.publicKey, compact, parts.signature)) {
    return err(LicenseTokenErrors.SIGNATURE({ detail: `The signature does not match the key ${kid.value}` }));
  }
  const claims = readClaims(decodeObject(parts.payload), expectedDeploymentId);
  if (!claims.ok) return claims;
  const payloadHash = hash('sha256', parts.payload, 'hex');
  return ok({ claims: claims.value, compact, kid: kid.value, version: claims.value.version, payloadHash });
}

/** ES256 and nothing else: the algorithm never comes from the token. Time is judged last, and by our own clock. */
function isSignedBy(publicKey: KeyObject, compact: string, signature: string): boolean {
  const signed = Buffer.from(compact.slice(0, compact.lastIndexOf('.')), 'latin1');
  try {
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
    return verify('sha256', signed, key, Buffer.from(signature, 'base64url'));
  } catch {
    return false; // a key of another kind
  }
}

// Licenses that a key signed have one header, letter by letter: the last good one is not read again.
let lastHeader: { readonly part: string; readonly kid: Result<string> } = { part: '', kid: ok('') };

/** The header has exactly `alg`, `typ` and `kid`: whatever else it may carry (`jku`, `jwk`, `x5u`, `crit`) chooses a key or a rule. */
function readHeader(part: string): Result<string> {
  if (part === lastHeader.part) return lastHeader.kid;
  const header = decodeObject(part);
  if (!header) return err(LicenseTokenErrors.HEADER_UNREADABLE({ detail: 'The header is not a JSON object' }));
  if (header['alg'] !== 'ES256') return err(LicenseTokenErrors.ALGORITHM({ detail: 'The only algorithm is ES256' }));
  if (header['typ'] !== LICENSE_TYPE)
    return err(LicenseTokenErrors.TYPE({ detail: `The only type is ${LICENSE_TYPE}` }));
  const kid = header['kid'];
  if (typeof kid !== 'string' || !KID_PATTERN.test(kid)) {
    return err(LicenseTokenErrors.KID_MALFORMED({ detail: 'The key id is not 1 to 64 letters, digits, - and _' }));
  }
  if (Object.keys(header).length !== 3 || !isSpelledOnce(part, header)) {
    return err(LicenseTokenErrors.HEADER_MEMBERS({ detail: 'The header has exactly alg, typ and kid, each once' }));
  }
  lastHeader = { part, kid: ok(kid) };
  return lastHeader.kid;
}

function findKey(keys: ReadonlyMap<string, TrustedKey>, kid: string, now: Date): Result<TrustedKey> {
  const key = keys.get(kid);
  if (!key) return err(LicenseTokenErrors.KEY_UNKNOWN({ detail: `No key ${kid} is trusted` }));
  if (key.state !== 'trusted') return err(LicenseTokenErrors.KEY_REVOKED({ detail: `The key ${kid} is revoked` }));
  const at = now.getTime();
  if (at + CLOCK_SKEW_MS_MAX < Date.parse(key.notBefore)) {
    return err(LicenseTokenErrors.KEY_NOT_YET_VALID({ detail: `The key ${kid} is valid from ${key.notBefore}` }));
  }
  if (at >= Date.parse(key.notAfter)) {
    return err(LicenseTokenErrors.KEY_EXPIRED({ detail: `The key ${kid} was valid until ${key.notAfter}` }));
  }
  return ok(key);
}

function readClaims(payload: Record<string, unknown> | undefined, expectedDeploymentId: string): Result<LicenseClaims> {
  if (!payload) return err(LicenseTokenErrors.PAYLOAD_UNREADABLE({ detail: 'The payload is not a JSON object' }));
  if (payload['iss'] !== LICENSE_ISSUER)
    return err(LicenseTokenErrors.ISSUER({ detail: `The only issuer is ${LICENSE_ISSUER}` }));
  // One text, compared whole: a list that also names others is not a license for this deployment.
  if (payload['aud'] !== audienceOf(expectedDeploymentId)) {
    return err(LicenseTokenErrors.AUDIENCE({ detail: `The license is not for deployment ${expectedDeploymentId}` }));
  }
  const problems = licenseProblems(payload, 'ignore').map((problem) => ({ ...problem, code: 'INVALID' }));
  if (problems.length > 0) {
    const first = problems[0];
    const detail = `${first?.pointer ?? ''} ${first?.detail ?? ''}`;
    return err(LicenseTokenErrors.SCHEMA({ detail, errors: problems.slice(0, 20) }));
  }
  return ok(payload as unknown as LicenseClaims);
}

function checkVersion(license: Signed, highest: HighestSeen | undefined): Result<true> {
  if (highest === undefined || license.version > highest.version) return ok(true);
  if (license.version < highest.version) {
    return err(
      LicenseTokenErrors.VERSION_LOWER({ detail: `Version ${license.version} comes after ${highest.version}` }),
    );
  }
  return license.payloadHash === highest.payloadHash
    ? ok(true)
    : err(LicenseTokenErrors.VERSION_REUSED({ detail: `Version ${license.version} was seen with other content` }));
}

/** Not whether it is in force yet: a start that was moved ahead is news too, and until then every decision is `LICENSE.NOT_STARTED`. */
function checkTime(claims: LicenseClaims, now: Date): Result<true> {
  const at = now.getTime();
  if (claims.iat * 1000 > at + CLOCK_SKEW_MS_MAX) {
    return err(
      LicenseTokenErrors.ISSUED_IN_FUTURE({ detail: 'The license was issued more than 60 s ahead of this clock' }),
    );
  }
  if (at >= claims.exp * 1000) {
    return err(
      LicenseTokenErrors.EXPIRED({ detail: `The license expired at ${new Date(claims.exp * 1000).toISOString()}` }),
    );
  }
  return ok(true);
}
