export type TokenKind = 'session' | 'api_key';

/** Whose it is and for which deployment: found in the token itself, so that nothing is looked up before the right database is known. */
export interface MemberToken {
  readonly kind: TokenKind;
  readonly deploymentId: string;
}

const PREFIXES: Readonly<Record<TokenKind, string>> = { session: 'bps', api_key: 'bpk' };
const TOKEN = /^(bps|bpk)_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** `bps_<deployment, 32 hex>_<secret>`, the secret being 32 random bytes in base64url: shown once. */
export function newMemberToken(kind: TokenKind, deploymentId: string, secret: string): string {
  if (!SECRET.test(secret)) throw new RangeError('A token takes 32 random bytes in base64url');
  return `${PREFIXES[kind]}_${deploymentId.replaceAll('-', '')}_${secret}`;
}

/** Null for whatever does not look like one. */
export function readMemberToken(token: string): MemberToken | null {
  const match = TOKEN.exec(token);
  if (match === null) return null;
  const [, prefix, ...hex] = match;
  return { kind: prefix === 'bps' ? 'session' : 'api_key', deploymentId: hex.join('-') };
}
