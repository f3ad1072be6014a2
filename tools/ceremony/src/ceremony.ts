import type { KeyObject } from 'node:crypto';
import {
  createKeyPair,
  exportPublicJwk,
  importPrivateJwk,
  jwkThumbprint,
  signKeyStatement,
  type KeyState,
  type PrivateJwk,
  type PublicJwk,
} from '@biplane/licensing';
import { orThrow } from '@biplane/kernel';

/** `root.pub.json`: the trust root that every tenant-api is configured with (`ROOT_KEY_FILE`). */
export interface RootPublic {
  /** The thumbprint (RFC 7638) of the key. */
  readonly kid: string;
  readonly publicJwk: PublicJwk;
}

/** `root.json`: stays offline; whoever holds it can make keys that every home trusts. */
export interface Root extends RootPublic {
  readonly privateJwk: PrivateJwk;
}

/** The body of core-api's `POST /licenses/keys`. */
export interface SigningKeyFile {
  readonly kid: string;
  readonly privateJwk: PrivateJwk;
  readonly publicJwk: PublicJwk;
  /** Key statements of the root, compact: the second is made now, so that revoking needs no root at hand. */
  readonly trusted: string;
  readonly revoked: string;
}

export interface KeyTerms {
  readonly kid: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function createRoot(): Root {
  const { publicJwk, privateJwk } = createPair();
  return { kid: jwkThumbprint(publicJwk), privateJwk, publicJwk };
}

export function publicPartOf({ kid, publicJwk }: Root): RootPublic {
  return { kid, publicJwk };
}

/** A new signing key with both statements of the root. Throws a RefusalError for a kid or a term that no home would accept. */
export function createKey(root: Root, { kid, notBefore, notAfter }: KeyTerms): SigningKeyFile {
  const rootKey: KeyObject = orThrow(importPrivateJwk(root.privateJwk));
  const { publicJwk, privateJwk } = createPair();
  const statement = (state: KeyState) =>
    signKeyStatement(
      { kid, jwk: publicJwk, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString(), state },
      rootKey,
    );
  return { kid, privateJwk, publicJwk, trusted: statement('trusted'), revoked: statement('revoked') };
}

function createPair(): { publicJwk: PublicJwk; privateJwk: PrivateJwk } {
  const { publicKey, privateKey } = createKeyPair();
  const publicJwk = exportPublicJwk(publicKey);
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}
