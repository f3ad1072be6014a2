import { isSecretHash } from '../crypto/secret-hash.js';
import { readSource, type TextSource } from '../environment/source-text.js';

/** An API client of this service. */
export interface Client {
  readonly id: string;
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly regions: readonly string[] | null;
}

const CLIENTS_MAX = 10_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
const SCOPE = /^[a-z][a-z_]*:[a-z0-9_-]{1,64}$/;

export function readClients(source: TextSource): ReadonlyMap<string, Client> {
  return parseClients(readSource(source));
}

/** Reads `[{"id","secretHash","scopes":[…],"regions":[…]?}]`; says which client is wrong, never its hash. */
export function parseClients(text: string): ReadonlyMap<string, Client> {
  const document: unknown = JSON.parse(text);
  if (!Array.isArray(document) || document.length > CLIENTS_MAX) {
    throw new Error(`CLIENTS_FILE must hold an array of at most ${CLIENTS_MAX} clients`);
  }
  const clients = new Map<string, Client>();
  document.forEach((entry: unknown, index) => {
    const client = parseClient(entry, index);
    if (clients.has(client.id)) throw new Error(`CLIENTS_FILE: client ${client.id} stands there twice`);
    clients.set(client.id, client);
  });
  return clients;
}

function parseClient(entry: unknown, index: number): Client {
  const { id, secretHash, scopes, regions } = (entry ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !ID.test(id)) throw new Error(`CLIENTS_FILE: entry ${index} has no usable id`);
  if (!isSecretHash(secretHash)) throw new Error(`CLIENTS_FILE: client ${id} has no scrypt secretHash`);
  if (!isTexts(scopes) || !scopes.every((scope) => SCOPE.test(scope))) {
    throw new Error(`CLIENTS_FILE: client ${id} has malformed scopes`);
  }
  if (scopes.filter((scope) => scope.startsWith('tenant:')).length > 1) {
    throw new Error(`CLIENTS_FILE: client ${id} holds more than one tenant`);
  }
  if (regions !== undefined && regions !== null && !isTexts(regions)) {
    throw new Error(`CLIENTS_FILE: client ${id} has malformed regions`);
  }
  return { id, secretHash, scopes, regions: regions ?? null };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.length <= 128);
}
