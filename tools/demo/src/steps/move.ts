import type { OwnHome } from '@biplane/testing';
import type { DemoContext } from '../context.js';
import { counted, dropletHours } from '../droplet-hours.js';
import { insist, insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { ownHome } from '../own-home.js';
import type { UsageEvent } from '../scenario.js';
import { Traffic } from '../traffic.js';
import { succeeded } from './tenant.js';

interface Moves {
  readonly data: readonly {
    readonly phase: string;
    readonly toHomeId: string;
    readonly writePauseMs: number | null;
  }[];
}

/** Events that the new home shall have taken before the traffic ends. */
const afterwards = 25;
const batchSize = 500;

/** Asks for Acme's move out of the pool, while it is used. */
export async function startMove(context: DemoContext): Promise<void> {
  const { core, deploymentId } = context;
  const time = await context.now();
  const event = (id: string) => dropletHours(deploymentId, id, time, '1');
  const traffic = new Traffic(context.submitter, event, async () => (await newHome(context)).submitter);
  const body = { to: 'container_per_tenant', reason: 'Acme asks for isolation' };
  const headers = { 'Idempotency-Key': 'demo-move-acme' };
  traffic.start();
  const path = `/api/v1/deployments/${deploymentId}/move`;
  const { id } = (await core.expect(202, 'POST', path, body, headers)) as { readonly id: string };
  context.moving = { traffic, operationId: id };
}

/** Waits until it is served by its own home, and counts again what was sent meanwhile: nothing lost, nothing twice. */
export async function awaitMove(context: DemoContext): Promise<Outcome> {
  insist(context.moving !== null, 'Acme to be on its way');
  const { traffic, operationId } = context.moving;
  await succeeded(context, operationId);
  await until(
    'traffic at the new home',
    60_000,
    () => traffic.takenByNewHome(),
    (taken) => taken >= afterwards,
  );
  await traffic.stop();
  const { accepted, afterMove, paused } = traffic;
  const sent = accepted.length;
  await counted(context, context.tenantId, String(sent));
  const repeated = await again(await newHome(context), accepted);
  insistEqual(repeated, { accepted: 0, duplicates: sent }, 'what is sent once more');
  await counted(context, context.tenantId, String(sent));
  const move = await theMove(context);
  insistEqual(move.phase, 'done', 'the move');
  insist(move.writePauseMs !== null, 'the pause of writes to be known');
  return {
    headline: `Acme moved out of the pool under load: ${sent} of ${sent} events counted once, 0 lost, 0 doubled`,
    details: [
      `writes paused for ${(move.writePauseMs / 1000).toFixed(1)} s: ${paused} tries were answered 503 and sent again`,
      `${sent - afterMove} taken by the pool, ${afterMove} by the new home; all sent once more there: ${sent} recognized`,
    ],
  };
}

async function theMove({ core, deploymentId }: DemoContext): Promise<Moves['data'][number]> {
  const { data } = (await core.expect(200, 'GET', `/api/v1/deployments/${deploymentId}/moves`)) as Moves;
  const [move] = data;
  insist(move !== undefined && data.length === 1, `one move, got ${data.length}`);
  return move;
}

export async function newHome(context: DemoContext): Promise<OwnHome> {
  return ownHome(context, (await theMove(context)).toHomeId);
}

async function again(home: OwnHome, events: readonly UsageEvent[]): Promise<{ accepted: number; duplicates: number }> {
  const total = { accepted: 0, duplicates: 0 };
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  for (let at = 0; at < events.length; at += batchSize) {
    const batch = events.slice(at, at + batchSize);
    const answer = (await home.submitter.expect(202, 'POST', '/api/v1/usage', batch, headers)) as typeof total;
    total.accepted += answer.accepted;
    total.duplicates += answer.duplicates;
  }
  return total;
}
