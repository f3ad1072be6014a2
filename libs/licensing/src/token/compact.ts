import { isPlainObject } from '../claims/shape.js';

/** The three parts of a compact JWS as text, or why it is not one. */
export type CompactParts =
  | { readonly header: string; readonly payload: string; readonly signature: string }
  | { readonly problem: 'form' | 'encoding' };

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** ES256 in JWS form: r and s of 32 bytes each. A DER signature has another length. */
const SIGNATURE_BYTES = 64;

/** The last character of a part has spare bits; were they free, one signature would have several spellings. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

export function splitCompact(compact: string): CompactParts {
  const [header, payload, signature, ...rest] = compact.split('.');
  if (!header || !payload || !signature || rest.length > 0) return { problem: 'form' };
  for (const part of [header, payload, signature]) {
    if (!BASE64URL.test(part) || !isCanonical(part)) return { problem: 'encoding' };
  }
  if (Buffer.from(signature, 'base64url').length !== SIGNATURE_BYTES) return { problem: 'encoding' };
  return { header, payload, signature };
}

/** The object that a part holds; undefined when it is not UTF-8 JSON or not an object. */
export function decodeObject(part: string): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True when the part is spelled as `JSON.stringify` does: no space, and no member twice (the last of which a parser would believe). */
export function isSpelledOnce(part: string, value: Record<string, unknown>): boolean {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url') === part;
}
