import { sign, type KeyObject } from 'node:crypto';
import type { LicenseSigner } from '@biplane/licensing';

/** A private key that this process holds, wherever it was read from. */
export function keySigner(kid: string, privateKey: KeyObject): LicenseSigner {
  return {
    kid,
    sign: (signingInput) =>
      Promise.resolve(sign('sha256', signingInput, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}
