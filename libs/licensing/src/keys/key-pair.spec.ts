import { sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { exportPublicJwk } from './jwk.js';
import { createKeyPair } from './key-pair.js';

// That no key of the tree shares its lock with the job that made it is kept by lint: a thread that waits for itself fails no test.
describe('createKeyPair', () => {
  it('makes two halves that belong together, and another pair each time', () => {
    const { privateKey, publicKey } = createKeyPair();
    const message = Buffer.from('biplane');
    const signature = sign('sha256', message, privateKey);
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
    expect(verify('sha256', message, createKeyPair().publicKey, signature)).toBe(false);
    expect(publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(exportPublicJwk(publicKey)).toMatchObject({ kty: 'EC', crv: 'P-256' });
  });
});
