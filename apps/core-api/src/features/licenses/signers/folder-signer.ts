import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importPrivateJwk, type LicenseSigner } from '@biplane/licensing';
import { keySigner } from './key-signer.js';
import { SignerUnavailableError } from './license-signer.js';

/** `<folder>/<kid>.json`, a file of the ceremony or its `privateJwk` alone: a mounted secret. The kid has no character that means something in a path. */
export async function folderSigner(folder: string, kid: string): Promise<LicenseSigner> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(folder, `${kid}.json`), 'utf8'));
  } catch {
    // Neither the path nor what stands in the file belongs into an answer or a log.
    throw new SignerUnavailableError(`The file of the key ${kid} cannot be read`);
  }
  const file = content as { privateJwk?: unknown } | null;
  const key = importPrivateJwk(file?.privateJwk ?? content);
  if (!key.ok) throw new SignerUnavailableError(`The file of the key ${kid} holds no private key`);
  return keySigner(kid, key.value);
}
