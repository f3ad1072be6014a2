import type { OwnHome } from '@biplane/testing';
import type { DemoContext } from './context.js';
import { insist, until } from './expect.js';
import { scenario } from './scenario.js';

const startsWithinMs = 120_000;

/** Waits until a pod of the home is ready, and speaks to it where it listens. */
export async function ownHome({ client }: DemoContext, homeId: string): Promise<OwnHome> {
  const [address] = await until(
    `a ready pod of home ${homeId}`,
    startsWithinMs,
    () => client.control.homeAddresses(homeId),
    (addresses) => addresses.length > 0,
  );
  insist(address !== undefined, 'the pod to have an address');
  return client.ownHome(scenario.region, address);
}
