import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom, seedOfRun, waitFor } from '@biplane/testing';
import { expectGoldenBill, invoicesOf, issueInvoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { UsageLoad } from './support/load.js';
import { endMonth, openMonth, type Month } from './support/month.js';
import { CORE, E2eStack, HOME, SOAK } from './support/stack.js';
import { awaitReady, createReadyTenant, createTenant, type CreatedTenant } from './support/tenants.js';
import { awaitBillable, awaitHeld, dropletEvents, submit } from './support/usage.js';

const KILLS = SOAK ? 40 : 4;
const TENANTS = 4;
const RESTARTS = SOAK ? 100 : 2;
/** Events that must be acknowledged between two restarts, so that each happens under load. */
const UNDER_LOAD = 200;

describe('deaths at random moments', () => {
  const stack = E2eStack.open();
  const seed = seedOfRun();
  const random = seededRandom(seed);
  let month: Month;

  beforeAll(async () => {
    await authorCatalog(stack);
    month = await openMonth(stack);
  });
  afterAll(() => stack.services.ensureRunning(CORE, HOME));

  /** Kills one service after the other at moments of the seed, while the work goes on; the work must end after the last. */
  async function amidKills<T>(kills: number, work: () => Promise<T>): Promise<T> {
    const working = work();
    working.catch(() => undefined);
    for (let kill = 0; kill < kills; kill += 1) {
      const victim = random() < 0.5 ? CORE : HOME;
      await moment(random() * 1_500);
      await stack.control.kill(victim);
      await stack.control.start(victim);
    }
    return working;
  }

  it(`${KILLS} random SIGKILLs: every tenant is ready, every hour complete, every bill the same (seed ${seed})`, async () => {
    const half = Math.ceil(KILLS / 2);
    const created = await amidKills(half, () =>
      Promise.all(Array.from({ length: TENANTS }, () => createTenant(stack))),
    );
    for (const tenant of created) await awaitReady(stack, tenant);
    await endMonth(stack, month);
    const invoices = await amidKills(KILLS - half, () => Promise.all(created.map(billOf)));
    for (const invoice of invoices) expectGoldenBill(invoice);
    for (const { tenant } of created) expect(await invoicesOf(stack, tenant.id)).toHaveLength(1);
  });

  async function billOf(created: CreatedTenant) {
    const { tenant, deployment } = created;
    // In small batches, so that a death falls between two of them and into one.
    const answer = await submit(stack, dropletEvents(deployment.id, month, 72), 8);
    expect([answer.accepted + answer.duplicates, answer.rejected]).toEqual([72, 0]);
    await awaitBillable(stack, created, month);
    return issueInvoice(stack, tenant.id, month);
  }

  it.each([{ service: HOME }, { service: CORE }])(
    `G1: ${RESTARTS} SIGTERMs of $service under load lose nothing that was acknowledged (seed ${seed})`,
    async ({ service }) => {
      const { deployment } = await createReadyTenant(stack);
      const acknowledged = await UsageLoad.during(stack, deployment.id, `load-${service}`, async (load) => {
        for (let restart = 0; restart < RESTARTS; restart += 1) {
          await load.gets(UNDER_LOAD);
          const from = performance.now();
          await stack.control.stop(service);
          expect(performance.now() - from).toBeLessThan(25_000);
          await stack.control.start(service);
        }
      });
      const { databases } = stack;
      const logged = await databases.query(
        databases.home,
        'SELECT count(*)::int AS events, count(DISTINCT event_id)::int AS distinct FROM usage_event WHERE deployment_id = $1',
        [deployment.id],
      );
      expect(logged).toEqual([{ events: acknowledged, distinct: acknowledged }]);
      await awaitHeld(stack, deployment.id, String(acknowledged));
    },
  );

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

/** A moment of the seed: the point of these tests is that nobody chose it. */
function moment(ms: number): Promise<void> {
  const until = performance.now() + ms;
  return waitFor('the moment to come', () => performance.now() >= until, { deadlineMs: ms + 1_000 }).then(
    () => undefined,
  );
}
