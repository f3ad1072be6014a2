import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { orThrow } from '@biplane/kernel';
import { importRootPublicKey } from '@biplane/licensing';

/** Reads `root.pub.json`, the public half of the trust root, as the key ceremony wrote it. Throws when it is anything else. */
export function readRootKey(file: string): KeyObject {
  return orThrow(importRootPublicKey(JSON.parse(readFileSync(file, 'utf8'))));
}
