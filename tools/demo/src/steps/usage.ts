import type { DemoContext } from '../context.js';
import { insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { dropletHourEvents, hostileOrder, scenario, type UsageEvent } from '../scenario.js';
import { check } from './gate.js';

interface UsageAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

const batchSize = 500;
const none: UsageAnswer = { accepted: 0, duplicates: 0, rejected: 0 };

/**
 * Switches the control plane off and submits the whole of April in that time, some events twice and all of them out of
 * order: the gate keeps answering, and each droplet hour is accepted exactly once.
 */
export async function submitWhileCoreIsDown(context: DemoContext): Promise<Outcome> {
  await context.client.control.kill('core-api');
  const decision = await check(context, 'financials:automated_billing');
  insistEqual(decision.outcome, 'allow', 'the gate to answer while core-api is down');

  const events = dropletHourEvents(context.deploymentId);
  const sent = hostileOrder(events);
  const answer = await submit(context, sent);
  insistEqual(
    answer,
    { accepted: events.length, duplicates: sent.length - events.length, rejected: 0 },
    'the usage answer',
  );
  await context.client.control.start('core-api');
  return {
    headline: `core-api killed; the gate still answers; ${answer.accepted} droplet hours accepted, ${answer.duplicates} repeats recognized`,
    details: ['core-api started again'],
  };
}

/**
 * Waits until the usage is on the bill and every hour of April is complete. In this order: the hours were closed, empty,
 * when the month passed, and what came later opened them again until their next close.
 */
export async function awaitCompleteness(context: DemoContext): Promise<Outcome> {
  await until(
    'the usage to be on the bill',
    120_000,
    () => context.monthlyBill(),
    ({ total }) => total.amount === scenario.bill.total,
  );
  const path = `/api/v1/admin/usage/completeness?period=${scenario.period}&tenantId=${context.tenantId}`;
  const report = await until(
    'April to be complete',
    120_000,
    async () => (await context.core.expect(200, 'GET', path)) as Completeness,
    ({ complete }) => complete,
  );
  return {
    headline: `April is complete: ${report.hoursComplete} of ${report.hoursExpected} hours closed and equal to what the home counted`,
  };
}

interface Completeness {
  readonly complete: boolean;
  readonly hoursExpected: number;
  readonly hoursComplete: number;
}

export async function submit(context: DemoContext, events: readonly UsageEvent[]): Promise<UsageAnswer> {
  let total = none;
  for (let at = 0; at < events.length; at += batchSize) {
    const batch = events.slice(at, at + batchSize);
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const answer = (await context.submitter.expect(202, 'POST', '/api/v1/usage', batch, headers)) as UsageAnswer;
    total = {
      accepted: total.accepted + answer.accepted,
      duplicates: total.duplicates + answer.duplicates,
      rejected: total.rejected + answer.rejected,
    };
  }
  return total;
}
