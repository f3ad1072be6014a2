import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seedOfRun, seededRandom, sizeOfRun, waitFor } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { inParallel } from './support/in-parallel.js';
import { invariantsHold } from './support/invariants.js';
import { insistently } from './support/persist.js';
import { CORE, E2eStack, HOME } from './support/stack.js';
import { createReadyTenant } from './support/tenants.js';
import { awaitHeld, usageEvent, type UsageAnswer, type UsageEvent } from './support/usage.js';

const EVENTS = sizeOfRun({ soak: 200_000, ci: 10_000 });
const BATCH = 250;
const CLIENTS = 8;
const DEADLINE = { deadlineMs: 300_000 };
const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' };

describe('a storm of usage', () => {
  const stack = E2eStack.open();
  const { control } = stack;
  const seed = seedOfRun();

  beforeAll(() => authorCatalog(stack));
  afterAll(async () => {
    if (!(await control.state()).kafka.running) await control.part('kafka', 'start');
    await stack.services.ensureRunning(CORE, HOME);
  });

  const heldAtHome = async (deploymentId: string) => {
    const sql = `SELECT trim_scale(coalesce(sum(quantity), 0))::text AS held,
      (SELECT count(*)::int FROM usage_event WHERE deployment_id = $1) AS events FROM usage_window WHERE deployment_id = $1`;
    const [row] = await stack.databases.query<{ held: string; events: number }>(stack.databases.home, sql, [
      deploymentId,
    ]);
    return row;
  };

  it(`${EVENTS} events, each sent twice by ${CLIENTS} clients at the same instant while both services and Kafka die, are stored once`, async () => {
    const { deployment } = await createReadyTenant(stack);
    const random = seededRandom(seed);
    const time = stack.clock.now();
    const events = Array.from({ length: EVENTS }, (_, at) =>
      usageEvent(deployment.id, { id: `storm-${at}`, time, quantity: '0.1' }),
    );
    let accepted = 0;
    const send = async (body: readonly UsageEvent[]) => {
      const request = { method: 'POST', path: '/api/v1/usage', body, headers: BATCH_TYPE };
      const answer = await insistently<UsageAnswer>(stack.submitter, request, 202);
      if (answer.rejected > 0) throw new Error(`Good usage is refused: ${JSON.stringify(answer.results[0])}`);
      accepted += answer.accepted;
    };
    const batches = Array.from({ length: EVENTS / BATCH }, (_, at) => events.slice(at * BATCH, (at + 1) * BATCH));
    let sent = 0;
    const storming = inParallel(batches, CLIENTS / 2, async (batch) => {
      // The second copy in another order, at the same instant.
      await Promise.all([send(batch), send([...batch].reverse())]);
      sent += 1;
    });
    storming.catch(() => undefined);
    const deaths = [
      () => control.kill(HOME).then(() => control.start(HOME)),
      () => control.kill(CORE).then(() => control.start(CORE)),
      () => control.part('kafka', 'restart'),
    ];
    for (const [at, death] of deaths.entries()) {
      const due = Math.floor(((at + random()) / deaths.length) * batches.length * 0.9);
      // A storm that fails tells why: whoever only counted what was sent would wait for the rest in vain.
      const raging = waitFor(`${due} of ${batches.length} batches, seed ${seed}`, () => sent >= due, DEADLINE);
      await Promise.race([raging, storming]);
      await death();
    }
    await storming;
    expect(accepted).toBeLessThanOrEqual(EVENTS);
    expect(await heldAtHome(deployment.id)).toEqual({ held: String(EVENTS / 10), events: EVENTS });
    await awaitHeld(stack, deployment.id, String(EVENTS / 10));
  }, 900_000);

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
