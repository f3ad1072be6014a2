import { isPlainObject } from '../claims/shape.js';

/** The three parts of a compact JWS as text, or why it is not one. */
export type CompactParts =
  | { readonly header: string; readonly payload: string; readonly signature: string }
  | { readonly problem: 'form' | 'encoding' };

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** ES256 in JWS form: r and s of 32 bytes each, 64 in all. A DER signature has another length. */
const SIGNATURE_CHARACTERS = 86;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By length modulo 4: the bits of the last character that stand for nothing. No text has a length of 1 modulo 4. */
const SPARE_BITS = [0, undefined, 0b1111, 0b11] as const;

/** The last character of a part has spare bits; were they free, one signature would have several spellings. */
function isCanonical(part: string): boolean {
  const spare = SPARE_BITS[part.length & 3];
  return spare !== undefined && (ALPHABET.indexOf(part.charAt(part.length - 1)) & spare) === 0;
}

export function splitCompact(compact: string): CompactParts {
  const [header, payload, signature, ...rest] = compact.split('.');
  if (!header || !payload || !signature || rest.length > 0) return { problem: 'form' };
  for (const part of [header, payload, signature]) {
    if (!BASE64URL.test(part) || !isCanonical(part)) return { problem: 'encoding' };
  }
  if (signature.length !== SIGNATURE_CHARACTERS) return { problem: 'encoding' };
  return { header, payload, signature };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACEMENT = '\ufffd';

/** Throws for what is no UTF-8. A text in which nothing was replaced was all UTF-8, and that is found out sooner. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes(REPLACEMENT) ? utf8.decode(bytes) : text;
}

/** The object that a part holds; undefined when it is not UTF-8 JSON or not an object. */
export function decodeObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(Buffer.from(part, 'base64url')));
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True when the part is spelled as `JSON.stringify` does: no space, and no member twice (the last of which a parser would believe). */
export function isSpelledOnce(part: string, value: Record<string, unknown>): boolean {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url') === part;
}
