import { createHash } from 'node:crypto';
import type { Ids } from '@biplane/service-kit';

/** SHA-256, hex: all that is ever stored of a token. 256 random bits need no salt and no slow hash. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** 32 random bytes, base64url. */
export function newSecret(ids: Ids): string {
  return Buffer.from(ids.random(32)).toString('base64url');
}
