import type { TrustedKey } from '../keys/key-statement.js';

/** What the trust root has said of each signing key. `revoked` is final: an older statement that comes again trusts nothing anew. */
export class KeyRing {
  private readonly keys = new Map<string, TrustedKey>();

  get all(): ReadonlyMap<string, TrustedKey> {
    return this.keys;
  }

  /** The trusted ones, sorted: what a home reports. */
  trustedKids(): string[] {
    return [...this.keys.values()]
      .filter(({ state }) => state === 'trusted')
      .map(({ kid }) => kid)
      .sort();
  }

  /** Whether the statement would change nothing. */
  knows(key: TrustedKey): boolean {
    const known = this.keys.get(key.kid);
    if (known?.state === 'revoked') return true;
    return (
      known !== undefined &&
      known.state === key.state &&
      known.notBefore === key.notBefore &&
      known.notAfter === key.notAfter
    );
  }

  /** `revoked` only the first time: what follows from it is done once. */
  learn(key: TrustedKey): 'trusted' | 'revoked' | 'unchanged' {
    if (this.knows(key)) return 'unchanged';
    this.keys.set(key.kid, key);
    return key.state;
  }
}
