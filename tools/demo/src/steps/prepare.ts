import type { DemoContext } from '../context.js';
import type { Outcome } from '../narrator.js';
import { scenario } from '../scenario.js';

interface Region {
  readonly pools: readonly { readonly homeId: string }[];
}

/** Stands on 31 March, and looks which home serves the region. */
export async function prepare(context: DemoContext): Promise<Outcome> {
  await context.moveClockTo(scenario.createdAt);
  const region = (await context.core.expect(200, 'GET', `/api/v1/regions/${scenario.region}`)) as Region;
  const homes = region.pools.map(({ homeId }) => homeId).join(', ');
  return {
    headline: `the clock stands at ${scenario.createdAt}; region ${scenario.region} is served by home ${homes}`,
  };
}
