import { createPublicKey, verify } from 'node:crypto';
import type { LicenseSigner, PublicJwk } from '@biplane/licensing';

export const SIGNER_KINDS = ['database', 'folder', 'kms'] as const;
/** Where a private key is: encrypted in the database, a file of a secret folder, or a key service that never gives it out. */
export type SignerKind = (typeof SIGNER_KINDS)[number];

/** A key whose holder cannot be reached, or gave something that its public half does not verify. Retried by the caller's job. */
export class SignerUnavailableError extends Error {}

/** What a holder signs is checked with the public half before it is used: a license that no home verifies is never issued. */
export function checkedSigner(signer: LicenseSigner, publicJwk: PublicJwk): LicenseSigner {
  const key = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  return {
    kid: signer.kid,
    async sign(signingInput) {
      const signature = await signer.sign(signingInput);
      if (verify('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature)) return signature;
      throw new SignerUnavailableError(`What was signed as ${signer.kid} is not of its public key`);
    },
  };
}
