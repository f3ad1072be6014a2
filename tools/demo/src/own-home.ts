import { ServiceClient } from '@biplane/testing';
import type { DemoContext } from './context.js';
import { insist, until } from './expect.js';
import { scenario } from './scenario.js';

/** The ports on which every pod of a dedicated home listens. */
const [publicPort, internalPort] = [8080, 8081];
const startsWithinMs = 120_000;

/** A dedicated home as its region's clients speak to it: the same credentials, at an address of its own. */
export interface OwnHome {
  readonly address: string;
  readonly submitter: ServiceClient;
  readonly gate: ServiceClient;
}

/** Waits until a pod of the home is ready, and says where it listens. */
export async function ownHome({ client }: DemoContext, homeId: string): Promise<OwnHome> {
  const [address] = await until(
    `a ready pod of home ${homeId}`,
    startsWithinMs,
    () => client.control.homeAddresses(homeId),
    (addresses) => addresses.length > 0,
  );
  insist(address !== undefined, 'the pod to have an address');
  const url = `http://${address}:${publicPort}`;
  const [submitter, operator] = ['submitter', 'operator'].map((name) => {
    const credentials = client.stack.clients[`${name}:${scenario.region}`];
    insist(credentials !== undefined, `the stack to know the ${name} of ${scenario.region}`);
    return credentials;
  });
  return {
    address,
    submitter: new ServiceClient(url, submitter ?? null),
    gate: new ServiceClient(`http://${address}:${internalPort}`, operator ?? null, url),
  };
}
