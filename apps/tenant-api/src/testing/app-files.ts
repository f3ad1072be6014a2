import { randomBytes, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPublicJwk, jwkThumbprint } from '@biplane/licensing';
import { createTokenKey, hashSecret } from '@biplane/service-kit';

export interface TestClient {
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly regions?: readonly string[];
}

/** The files that a tenant-api reads at its start, in a folder of their own. */
export async function writeAppFiles(
  rootKey: KeyObject,
  clients: readonly TestClient[],
): Promise<{ folder: string; environment: Record<string, string> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tenant-api-'));
  const write = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const hashed = await Promise.all(
    clients.map(async ({ secret, ...client }) => ({ ...client, secretHash: await hashSecret(secret) })),
  );
  const publicJwk = exportPublicJwk(rootKey);
  const environment = {
    CLIENTS_FILE: write('clients.json', JSON.stringify(hashed)),
    TOKEN_KEY_FILE: write('token.pem', createTokenKey()),
    FIELD_KEYS_FILE: write(
      'keys.json',
      JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString('base64') } }),
    ),
    ROOT_KEY_FILE: write('root.pub.json', JSON.stringify({ kid: jwkThumbprint(publicJwk), publicJwk })),
  };
  return { folder, environment };
}
