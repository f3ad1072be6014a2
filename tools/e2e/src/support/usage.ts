import { waitFor, type ServiceClient } from '@biplane/testing';
import type { Month } from './month.js';
import { insistently } from './persist.js';
import { REGION, type E2eStack } from './stack.js';

export interface UsageEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: 'dev.biplane.usage';
  readonly time: string;
  readonly subject: string;
  readonly data: { readonly meter: string; readonly quantity: string };
}

export interface UsageAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly { readonly id: string; readonly status: string; readonly code?: string }[];
}

export interface Completeness {
  readonly complete: boolean;
  readonly hoursExpected: number;
  readonly hoursComplete: number;
  readonly missing: readonly { readonly homeId: string; readonly hour: string; readonly state: string }[];
}

/** What golden bill 1 counts: 1,488 included, 672 above. */
export const DROPLET_HOURS = 2160;
const BATCH = 500;
const COMPLETE_MS = 150_000;
const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' };

/** `count` events, evenly over the month, that come to 2,160 droplet hours; 2,160 must be divisible by it. */
export function dropletEvents(deploymentId: string, month: Month, count: number): UsageEvent[] {
  if (DROPLET_HOURS % count !== 0) throw new RangeError(`${DROPLET_HOURS} cannot be split into ${count} events`);
  const stepMs = (month.to.getTime() - month.from.getTime()) / count;
  return Array.from({ length: count }, (_, index) =>
    usageEvent(deploymentId, {
      id: `droplets-${month.period}-${index}`,
      time: new Date(month.from.getTime() + (index + 0.5) * stepMs),
      quantity: String(DROPLET_HOURS / count),
    }),
  );
}

export function usageEvent(
  deploymentId: string,
  given: { id: string; time: Date; quantity: string; meter?: string },
): UsageEvent {
  return {
    specversion: '1.0',
    id: given.id,
    source: `/regions/${REGION}/scheduler`,
    type: 'dev.biplane.usage',
    time: given.time.toISOString(),
    subject: deploymentId,
    data: { meter: given.meter ?? 'droplet_hours', quantity: given.quantity },
  };
}

/** Sends every batch until it is answered: what was acknowledged before a cut connection comes back as a duplicate. */
export async function submit(
  home: { readonly submitter: ServiceClient },
  events: readonly UsageEvent[],
  batch = BATCH,
): Promise<UsageAnswer> {
  const total = { accepted: 0, duplicates: 0, rejected: 0, results: [] as UsageAnswer['results'][number][] };
  for (let at = 0; at < events.length; at += batch) {
    const request = { method: 'POST', path: '/api/v1/usage', body: events.slice(at, at + batch), headers: BATCH_TYPE };
    const answer = await insistently<UsageAnswer>(home.submitter, request, 202);
    total.accepted += answer.accepted;
    total.duplicates += answer.duplicates;
    total.rejected += answer.rejected;
    total.results.push(...answer.results);
  }
  return total;
}

export function completenessOf(stack: E2eStack, tenantId: string, month: Month): Promise<Completeness> {
  const path = `/api/v1/admin/usage/completeness?period=${month.period}&tenantId=${tenantId}`;
  return insistently<Completeness>(stack.core, { method: 'GET', path }, 200);
}

/** The sum of what core-api holds of a meter, as the database adds it up. */
export async function heldByCore(stack: E2eStack, deploymentId: string, meter = 'droplet_hours'): Promise<string> {
  const [row] = await stack.databases.query<{ held: string }>(
    stack.databases.core,
    'SELECT trim_scale(coalesce(sum(quantity), 0))::text AS held FROM usage_window WHERE deployment_id = $1 AND meter = $2',
    [deploymentId, meter],
  );
  return row?.held ?? '0';
}

/** What is due every ten seconds of the Clock is made due, until core-api holds this much. */
export async function awaitHeld(
  stack: E2eStack,
  deploymentId: string,
  quantity: string,
  meter = 'droplet_hours',
): Promise<void> {
  let last = '';
  await stack.clock.advance(15_000);
  await waitFor(
    `core-api to hold ${quantity} ${meter} of ${deploymentId}`,
    async () => (last = await heldByCore(stack, deploymentId, meter)) === quantity,
    { deadlineMs: COMPLETE_MS, everyMs: 200 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; it holds ${last}`);
  });
}

/**
 * Until core-api holds every hour of the month as the home closed it, and all 2,160 droplet hours in them: hours are
 * closed at once when the Clock jumps, so what is submitted afterwards comes with later revisions of their closes.
 */
export async function awaitBillable(
  stack: E2eStack,
  { tenant, deployment }: Metered,
  month: Month,
): Promise<Completeness> {
  await awaitHeld(stack, deployment.id, String(DROPLET_HOURS));
  let last: Completeness | undefined;
  return waitFor(
    `${month.period} of ${tenant.id} to be complete`,
    async () => ((last = await completenessOf(stack, tenant.id, month)).complete ? last : null),
    { deadlineMs: COMPLETE_MS, everyMs: 250 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last: ${JSON.stringify(last)?.slice(0, 1_000)}`);
  });
}

interface Metered {
  readonly tenant: { readonly id: string };
  readonly deployment: { readonly id: string };
}
