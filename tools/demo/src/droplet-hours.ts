import type { DemoContext } from './context.js';
import { insistEqual, until } from './expect.js';
import { scenario, type UsageEvent } from './scenario.js';

/** What a home has counted goes up every ten seconds of the Clock. */
const flushMs = 15_000;

interface UsageTotals {
  readonly data: readonly { readonly meter: string; readonly quantity: string }[];
}

/** Makes due what a home sends by the Clock, until core-api shows this sum of the month that runs. */
export async function counted(context: DemoContext, tenantId: string, quantity: string): Promise<void> {
  await context.moveClockTo(new Date(Date.parse(await context.now()) + flushMs).toISOString());
  const path = `/api/v1/subscription/usage/${tenantId}?meter=droplet_hours`;
  const totals = await until(
    `core-api to count ${quantity} droplet hours`,
    60_000,
    async () => (await context.core.expect(200, 'GET', path)) as UsageTotals,
    ({ data }) => data[0]?.quantity === quantity,
  );
  insistEqual(totals.data.length, 1, 'one sum of droplet hours');
}

export function dropletHours(deploymentId: string, id: string, time: string, quantity: string): UsageEvent {
  const data = { meter: 'droplet_hours', quantity };
  const source = `/regions/${scenario.region}/scheduler`;
  return { specversion: '1.0', id, source, type: 'dev.biplane.usage', time, subject: deploymentId, data };
}
