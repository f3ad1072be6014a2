import { createHash } from 'node:crypto';
import { decimalToString, orThrow, parseDecimal } from '@biplane/kernel';

/** Both planes compute these over what they hold; equal digests mean that they hold the same. */

export interface LicenseLine {
  readonly deploymentId: string;
  readonly version: number;
  readonly jti: string;
}

export interface WindowLine {
  readonly deploymentId: string;
  readonly meter: string;
  readonly windowStart: Date | string;
  readonly revision: number;
  /** In any spelling: the database pads with zeros, the digest does not. */
  readonly quantity: string;
}

/** SHA-256 of the sorted lines `deploymentId:version:jti`. */
export function licensesDigest(lines: readonly LicenseLine[]): string {
  return digest(lines.map(({ deploymentId, version, jti }) => `${deploymentId}:${version}:${jti}`));
}

/** SHA-256 of the sorted lines `deploymentId|meter|windowStart|revision|quantity`. No windows have the digest of the empty text. */
export function windowsDigest(lines: readonly WindowLine[]): string {
  return digest(
    lines.map(({ deploymentId, meter, windowStart, revision, quantity }) =>
      [deploymentId, meter, new Date(windowStart).toISOString(), revision, canonicalQuantity(quantity)].join('|'),
    ),
  );
}

// Sorted by code unit, which for these characters is the order of their bytes: the same on every machine, in every locale.
function digest(lines: string[]): string {
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/** The one spelling of a quantity on the wire. Throws for what is no quantity; such a window never reaches a digest. */
export function canonicalQuantity(quantity: string): string {
  return decimalToString(orThrow(parseDecimal(quantity, { maxDigits: 60 })));
}
