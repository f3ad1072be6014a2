import { generateKeyPairSync, randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What a stack must remember to start again over its own data. */
export interface StackMemory {
  passwords: Record<string, string>;
  /** Region → the home that serves it. */
  homeIds: Record<string, string>;
}

export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

interface ClientSpec {
  name: string;
  scopes: string[];
  regions?: string[];
}

const MEMORY_FILE = 'memory.json';
const SCRYPT_COST = 16_384;

export function readMemory(privateFolder: string): StackMemory {
  try {
    return JSON.parse(readFileSync(path.join(privateFolder, MEMORY_FILE), 'utf8')) as StackMemory;
  } catch {
    return { passwords: {}, homeIds: {} };
  }
}

export async function writeMemory(privateFolder: string, memory: StackMemory): Promise<void> {
  await writeSecret(path.join(privateFolder, MEMORY_FILE), JSON.stringify(memory));
}

/** The password under this name, made on first use. */
export function passwordOf(memory: StackMemory, name: string): string {
  return (memory.passwords[name] ??= randomBytes(18).toString('base64url'));
}

export function homeIdOf(memory: StackMemory, region: string): string {
  return (memory.homeIds[region] ??= randomUUID());
}

export const CORE_CLIENTS: ClientSpec[] = [
  {
    name: 'admin',
    scopes: ['platform:admin', 'platform:read', 'billing:write', 'entitlements:check', 'internal:operate'],
  },
  // What the platform counts itself: connectors, ingested data.
  { name: 'submitter', scopes: ['usage:submit', 'entitlements:check'] },
];

/** A region's own clients: tokens of one service mean nothing to another. */
export function homeClients(region: string): ClientSpec[] {
  return [
    { name: `submitter:${region}`, scopes: ['usage:submit'], regions: [region] },
    {
      name: `operator:${region}`,
      scopes: ['internal:operate', 'entitlements:check', 'platform:read'],
      regions: [region],
    },
  ];
}

/** Writes a service's CLIENTS_FILE, TOKEN_KEY_FILE and FIELD_KEYS_FILE; keys of an earlier run are kept. */
export async function writeServiceSecrets(
  folder: string,
  prefix: string,
  clients: ClientSpec[],
  memory: StackMemory,
): Promise<{ environment: Record<string, string>; credentials: Record<string, ClientCredentials> }> {
  const credentials: Record<string, ClientCredentials> = {};
  const entries = clients.map(({ name, scopes, regions }) => {
    const clientSecret = passwordOf(memory, `client-${name}`);
    credentials[name] = { clientId: name.replace(':', '-'), clientSecret };
    return {
      id: name.replace(':', '-'),
      secretHash: secretHash(clientSecret),
      scopes,
      ...(regions ? { regions } : {}),
    };
  });
  const clientsFile = path.join(folder, `${prefix}-clients.json`);
  const tokenKeyFile = path.join(folder, `${prefix}-token-key.pem`);
  const fieldKeysFile = path.join(folder, `${prefix}-field-keys.json`);
  await writeSecret(clientsFile, JSON.stringify(entries, null, 2));
  await keepSecret(
    tokenKeyFile,
    () =>
      generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }).privateKey,
  );
  await keepSecret(fieldKeysFile, () =>
    JSON.stringify({ current: 1, keys: { '1': randomBytes(32).toString('base64') } }),
  );
  return {
    environment: { CLIENTS_FILE: clientsFile, TOKEN_KEY_FILE: tokenKeyFile, FIELD_KEYS_FILE: fieldKeysFile },
    credentials,
  };
}

/** The form that service-kit reads: `scrypt$<N>$<salt>$<hash>`, r 8, p 1, base64url without padding. */
export function secretHash(secret: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(secret, salt, 32, { N: SCRYPT_COST, r: 8, p: 1 });
  return `scrypt$${SCRYPT_COST}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Whole or not at all, and ours alone. */
export async function writeSecret(file: string, text: string): Promise<void> {
  const scratch = `${file}.${process.pid}.tmp`;
  await writeFile(scratch, text, { mode: 0o600 });
  await chmod(scratch, 0o600);
  await rename(scratch, file);
}

export async function keepSecret(file: string, make: () => string): Promise<void> {
  const known = await stat(file).catch(() => null);
  if (!known || known.size === 0) await writeSecret(file, make());
}
