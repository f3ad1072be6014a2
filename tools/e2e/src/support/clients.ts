import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSecret } from '@biplane/service-kit';
import { ServiceClient } from '@biplane/testing';
import type { E2eStack } from './stack.js';

export interface ExtraClient {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly regions?: readonly string[];
}

const SECRET = 'of-a-suite-on-a-loopback-stack';

/** Starts a service anew with clients of the suite beside its own; `undo` starts it as it was. */
export async function withClients(
  stack: E2eStack,
  service: string,
  clients: readonly ExtraClient[],
): Promise<{ undo: () => Promise<void> }> {
  const { CLIENTS_FILE: own } = await stack.control.environment(service);
  if (own === undefined) throw new Error(`${service} is started without CLIENTS_FILE`);
  const secretHash = await hashSecret(SECRET);
  const all = [
    ...(JSON.parse(readFileSync(own, 'utf8')) as unknown[]),
    ...clients.map((client) => ({ ...client, secretHash })),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'biplane-clients-'));
  const file = join(folder, 'clients.json');
  writeFileSync(file, JSON.stringify(all), { mode: 0o600 });
  await stack.control.restart(service, { env: { CLIENTS_FILE: file } });
  return {
    undo: async () => {
      await stack.control.restart(service);
      rmSync(folder, { recursive: true });
    },
  };
}

/** One of the suite's own clients, at the address that it is for. */
export function clientOf(baseUrl: string, id: string, tokenBaseUrl = baseUrl): ServiceClient {
  return new ServiceClient(baseUrl, { clientId: id, clientSecret: SECRET }, tokenBaseUrl);
}
