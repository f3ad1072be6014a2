import { generateKeyPairSync } from 'node:crypto';

/** A new key for `TOKEN_KEY_FILE`: the private half of a P-256 pair as PKCS #8, PEM. */
export function createTokenKey(): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
}
