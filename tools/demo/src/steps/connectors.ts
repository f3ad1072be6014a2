import type { DemoContext } from '../context.js';
import { insist, insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { globex, scenario } from '../scenario.js';
import { passTo } from './month.js';
import { provision } from './tenant.js';

interface Decision {
  readonly outcome: string;
  readonly code: string | null;
  readonly reason: string;
  readonly retryAt: string | null;
  readonly reservationId?: string;
  readonly ticketId?: string;
}

interface Violation {
  readonly rule: string;
  readonly severity: string;
  readonly resolvedAt: string | null;
}

interface Ticket {
  readonly state: string;
  readonly reservationId: string | null;
}

const connectors = 10;

/** Ten of ten connectors; the eleventh is refused, and the refusal is a violation. */
export async function reachTheLimit(context: DemoContext): Promise<Outcome> {
  context.globex = await provision(context, globex, 'demo-create-globex');
  for (let at = 0; at < connectors; at += 1) {
    const decision = await check(context, { action: 'connectors:create', meter: 'connectors' });
    insistEqual(decision.outcome, 'allow', `connector ${at + 1} of ${connectors}`);
    await context.core.expect(200, 'POST', `/api/v1/subscription/reservations/${decision.reservationId}/confirm`);
  }
  const eleventh = await check(context, { action: 'connectors:create', meter: 'connectors' });
  insistEqual([eleventh.outcome, eleventh.code], ['deny', 'LIMIT.REACHED'], 'the eleventh connector');
  const violation = await until(
    'the violation to be recorded',
    10_000,
    async () => (await violations(context))[0],
    (found) => found !== undefined,
  );
  insist(violation?.resolvedAt === null, 'the violation to be open');
  return {
    headline: `${connectors} of ${connectors} connectors; the eleventh is refused, with a violation`,
    details: [`${eleventh.code}: ${eleventh.reason}`, `violation: ${violation.rule} (${violation.severity})`],
  };
}

/** 48 of 50 GB this month: five more wait for the next one. */
export async function reachTheThreshold(context: DemoContext): Promise<Outcome> {
  const event = {
    specversion: '1.0',
    id: 'ingested-1',
    source: '/platform/ingestion',
    type: 'dev.biplane.usage',
    time: await context.now(),
    subject: context.globex.deploymentId,
    data: { meter: 'ingested_gb', quantity: '48' },
  };
  const headers = { 'content-type': 'application/cloudevents+json' };
  const answer = await context.platform.expect(202, 'POST', '/api/v1/subscription/usage', event, headers);
  insistEqual((answer as { accepted: number }).accepted, 1, 'the ingested data to be counted');
  const decision = await check(context, { action: 'ingestion:ingest', meter: 'ingested_gb', quantity: '5' });
  insistEqual([decision.outcome, decision.code], ['delay', 'LIMIT.QUEUED'], 'ingestion at its threshold');
  insist(decision.ticketId !== undefined, 'a ticket for the next month');
  context.ticketId = decision.ticketId;
  return {
    headline: '48 of 50 GB ingested; 5 more are queued to the next month',
    details: [`${decision.code}: ${decision.reason}; its turn comes at ${decision.retryAt ?? '?'}`],
  };
}

/** Another month: what was queued has its turn, and is held for a day. */
export async function admitTheTicket(context: DemoContext): Promise<Outcome> {
  await passTo(context, scenario.lastOfAprilAt);
  const path = `/api/v1/subscription/tickets/${context.ticketId}`;
  const ticket = await until(
    'the ticket to be admitted',
    30_000,
    async () => (await context.core.expect(200, 'GET', path)) as Ticket,
    ({ state }) => state === 'admitted',
  );
  await context.core.expect(200, 'POST', `/api/v1/subscription/reservations/${ticket.reservationId}/confirm`);
  return { headline: 'a new month: the queued 5 GB are admitted, in their order' };
}

/** A count that did not come within its 250 ms, as on a busy machine, is no verdict: asked again, as a client does. */
async function check(
  context: DemoContext,
  question: { readonly action: string; readonly meter: string; readonly quantity?: string },
): Promise<Decision> {
  const body = { deploymentId: context.globex.deploymentId, quantity: '1', reserve: true, ...question };
  return until(
    'the check to count',
    10_000,
    async () => (await context.core.expect(200, 'POST', '/api/v1/subscription/check', body)) as Decision,
    ({ code }) => !(code?.endsWith('UNAVAILABLE') ?? false),
  );
}

async function violations(context: DemoContext): Promise<readonly Violation[]> {
  const path = `/api/v1/subscription/violations?deploymentId=${context.globex.deploymentId}`;
  return ((await context.core.expect(200, 'GET', path)) as { readonly data: readonly Violation[] }).data;
}
