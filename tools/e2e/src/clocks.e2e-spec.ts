import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { askGate } from './support/gate.js';
import { invariantsHold } from './support/invariants.js';
import { CORE, E2eStack } from './support/stack.js';
import { awaitAllowed, createReadyTenant, licenseOf, type CreatedTenant } from './support/tenants.js';
import { awaitHeld, submit, usageEvent } from './support/usage.js';

const ACTION = 'financials:automated_billing';
const DAY_MS = 86_400_000;
/** Past the longest life of a license. */
const FORWARD_MS = 8 * DAY_MS;
const OFTEN = { everyMs: 100 };

describe('clocks that jump', () => {
  const stack = E2eStack.open();
  let tenant: CreatedTenant;
  let id: string;

  beforeAll(async () => {
    await authorCatalog(stack);
    tenant = await createReadyTenant(stack);
    id = tenant.deployment.id;
    await awaitAllowed(stack, id);
  });
  afterAll(() => stack.services.ensureRunning(CORE));

  const codeOf = async (deploymentId: string) => (await askGate(stack.gate, { deploymentId, action: ACTION })).code;
  const gateSays = (deploymentId: string, code: string | null) =>
    waitFor(`the gate to say ${code ?? 'yes'}`, async () => (await codeOf(deploymentId)) === code, OFTEN);

  it('B1: eight days ahead with core-api dead, every license has expired; set right again, each serves as before', async () => {
    await stack.control.kill(CORE);
    const [before, began] = [stack.clock.now(), performance.now()];
    await stack.clock.advance(FORWARD_MS);
    await gateSays(id, 'LICENSE.EXPIRED');

    // Nothing was verified that says the time has passed: the clock alone was wrong.
    await stack.clock.setBackTo(new Date(before.getTime() + performance.now() - began));
    await gateSays(id, null);
  });

  it('when the time has really passed, core-api comes back and signs everything anew', async () => {
    await stack.clock.advance(FORWARD_MS);
    await gateSays(id, 'LICENSE.EXPIRED');
    await stack.control.start(CORE);
    await awaitAllowed(stack, id);
  });

  it('B8: a clock set back revives no license that has ended', async () => {
    const ending = await createReadyTenant(stack);
    const ended = ending.deployment.id;
    const endsAt = new Date(stack.clock.now().getTime() + DAY_MS);
    await endTermAt(ended, endsAt);
    await gateSays(ended, null);
    await stack.clock.moveTo(new Date(endsAt.getTime() + 2 * DAY_MS));
    await gateSays(ended, 'LICENSE.EXPIRED');
    await newlySigned(endsAt);

    await stack.control.kill(CORE);
    const [there, began] = [stack.clock.now(), performance.now()];
    try {
      await stack.clock.setBackTo(new Date(endsAt.getTime() - DAY_MS));
      expect(await codeOf(ended)).toBe('LICENSE.EXPIRED');
      expect(await codeOf(id)).toBeNull();
    } finally {
      await stack.clock.moveTo(new Date(there.getTime() + performance.now() - began + 1_000));
      await stack.control.start(CORE);
    }
    await gateSays(ended, 'LICENSE.EXPIRED');
  });

  it('usage is counted once as before, whatever the clock did', async () => {
    const events = ['one', 'two'].map((name) =>
      usageEvent(id, { id: `clocks-${name}`, time: stack.clock.now(), quantity: '5' }),
    );
    expect(await submit(stack, [...events, ...events])).toMatchObject({ accepted: 2, duplicates: 2 });
    await awaitHeld(stack, id, '10');
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });

  async function endTermAt(deploymentId: string, endsAt: Date): Promise<void> {
    const shown = (await stack.core.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`)) as {
      subscription: { id: string };
    };
    const path = `/api/v1/billing/subscriptions/${shown.subscription.id}/term`;
    const body = { endsAt: endsAt.toISOString(), noticeDays: 0, graceDays: 0, reason: 'e2e' };
    expect((await stack.core.put(path, body)).status).toBeLessThan(300);
    const { version } = await licenseOf(stack, deploymentId);
    await waitFor(
      'the home to enforce the term',
      async () => (await askGate(stack.gate, { deploymentId, action: ACTION })).licenseVersion === version,
      OFTEN,
    );
  }

  /** The home has verified a license that was signed after this instant: its daily re-issue. */
  async function newlySigned(instant: Date): Promise<void> {
    await waitFor(
      'a license to be signed anew',
      async () => {
        const [, payload = ''] = (await licenseOf(stack, id)).signed.split('.');
        const { iat } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { iat: number };
        if (iat * 1_000 <= instant.getTime()) return false;
        const { version } = await licenseOf(stack, id);
        return (await askGate(stack.gate, { deploymentId: id, action: ACTION })).licenseVersion === version;
      },
      OFTEN,
    );
  }
});
