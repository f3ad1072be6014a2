import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const COST = 16_384;
const COST_MAX = 131_072;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const STORED = /^scrypt\$([1-9][0-9]{0,6})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** `scrypt$<N>$<salt>$<hash>`: N decimal, r 8, p 1, salt 16 bytes and hash 32 bytes in base64url without padding. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(secret, salt, COST);
  return `scrypt$${COST}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Constant time in the hash; false for a malformed stored value. */
export async function verifySecret(secret: string, stored: string): Promise<boolean> {
  const match = STORED.exec(stored);
  if (match === null) return false;
  const cost = Number(match[1]);
  if (cost < 2 || cost > COST_MAX || !Number.isInteger(Math.log2(cost))) return false;
  const expected = Buffer.from(match[3]!, 'base64url');
  return timingSafeEqual(await derive(secret, Buffer.from(match[2]!, 'base64url'), cost), expected);
}

export function isSecretHash(text: unknown): text is string {
  return typeof text === 'string' && STORED.test(text);
}

function derive(secret: string, salt: Buffer, cost: number): Promise<Buffer> {
  // OpenSSL refuses what needs more than `maxmem`: 128 x N x r bytes, and some.
  const maxmem = 129 * cost * BLOCK_SIZE + 1_048_576;
  const options = { N: cost, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
