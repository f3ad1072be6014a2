import { stdSerializers } from 'pino';

/**
 * What no name redacts, because it stands in the middle of a text: the password of a URL, bearer and basic credentials, webhook secrets,
 * private keys in PEM. Libraries put them into their messages without being asked.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/[^\s:@/]{0,256}):[^\s@/]{1,512}@/gi, '$1:[redacted]@'],
  [/\b(bearer|basic) +[a-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/\bwhsec_[A-Za-z0-9+/=]{8,}/g, '[redacted]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
];

export function scrubText(text: string): string {
  return SECRETS.reduce((scrubbed, [secret, instead]) => scrubbed.replace(secret, instead), text);
}

const DEPTH_MAX = 5;

/** An error as it is logged: pino's own form, every text in it scrubbed. Pino may have made that form already. */
export function scrubbedError(error: unknown): unknown {
  return scrubbed(error instanceof Error ? stdSerializers.err(error) : error, DEPTH_MAX);
}

function scrubbed(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => scrubbed(item, depth - 1));
  if (value instanceof Error) return scrubbed(stdSerializers.err(value), depth - 1);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, scrubbed(member, depth - 1)]));
}
