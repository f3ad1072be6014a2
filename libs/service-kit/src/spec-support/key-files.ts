import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenKey } from '../auth/token-key.js';
import { hashSecret } from '../crypto/secret-hash.js';

export interface KeyFiles {
  readonly clientsFile: string;
  readonly tokenKeyFile: string;
  readonly fieldKeysFile: string;
  remove(): void;
}

export const SECRET = 'correct horse';
export const TENANT = '0190a5d2-7b1c-7000-8000-000000000001';

export async function writeKeyFiles(): Promise<KeyFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'biplane-kit-'));
  const secretHash = await hashSecret(SECRET);
  const clients = [
    { id: 'admin', secretHash, scopes: ['platform:admin', 'platform:read'] },
    { id: 'acme', secretHash, scopes: [`tenant:${TENANT}`] },
    { id: 'fast', secretHash, scopes: ['platform:admin'], regions: ['eu-1'] },
  ];
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    clientsFile: write('clients.json', JSON.stringify(clients)),
    tokenKeyFile: write('token.pem', createTokenKey()),
    fieldKeysFile: write(
      'field-keys.json',
      JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString('base64') } }),
    ),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
