import { ServiceClient } from '@biplane/testing';
import { HOME, REGION, type E2eStack } from './stack.js';

/** A further process of a service, as its administrator or operator asks it. */
export interface Replica {
  readonly name: string;
  readonly url: string;
  readonly client: ServiceClient;
}

/** Starts one more process of the service; tokens of the first are good for it, since both hold one key. */
export async function startReplica(stack: E2eStack, service: string): Promise<Replica> {
  const { name, url, internalUrl } = await stack.control.replica(service);
  const isHome = service === HOME;
  const credentials = stack.file.clients[isHome ? `operator:${REGION}` : 'admin'];
  if (credentials === undefined) throw new Error(`The stack has no client for ${service}`);
  return { name, url, client: new ServiceClient(isHome && internalUrl ? internalUrl : url, credentials, url) };
}
