import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { insistently } from './support/persist.js';
import { CORE, E2eStack } from './support/stack.js';
import { awaitAllowed, createReadyTenant, type CreatedTenant } from './support/tenants.js';
import { heldByCore, submit, usageEvent } from './support/usage.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Older than a window may be when it comes in. */
const AWAY_MS = 37 * DAY_MS;
const SECONDS = { deadlineMs: 90_000, everyMs: 250 };

interface Quarantined {
  readonly id: string;
  readonly type: string;
  readonly reason: string;
  readonly record: { readonly meter?: string; readonly quantity?: string };
  readonly resolution: { readonly state: string; readonly counted: boolean } | null;
}
interface Report {
  readonly complete: boolean;
}

describe('usage in quarantine', () => {
  const stack = E2eStack.open();
  let acme: CreatedTenant;
  let period: string;

  beforeAll(async () => {
    await authorCatalog(stack);
    // What earlier suites counted in an hour that is still open must be told before core-api goes away for so long.
    await stack.clock.advance(HOUR_MS + 10 * 60_000);
    await invariantsHold(stack);
    acme = await createReadyTenant(stack);
  });
  afterAll(() => stack.services.ensureRunning(CORE));

  const list = async (filter: string): Promise<Quarantined[]> => {
    const path = `/api/v1/admin/usage/quarantine?${filter}&limit=200`;
    return (await insistently<{ data: Quarantined[] }>(stack.core, { method: 'GET', path }, 200)).data;
  };
  const records = (state: string) => list(`deploymentId=${acme.deployment.id}&state=${state}`);
  const isComplete = async () => {
    const path = `/api/v1/admin/usage/completeness?period=${period}&tenantId=${acme.tenant.id}`;
    return (await insistently<Report>(stack.core, { method: 'GET', path }, 200)).complete;
  };
  const decide = (id: string, verb: string) =>
    insistently(
      stack.core,
      { method: 'POST', path: `/api/v1/admin/usage/quarantine/${id}/${verb}`, body: { reason: 'its home was away' } },
      200,
    );

  it('what a home counted while core-api was away for six weeks is held back with its reason, not lost', async () => {
    await stack.control.kill(CORE);
    const time = stack.clock.now();
    // Of Brisbane, as the tenant's months are.
    period = new Date(time.getTime() + 10 * HOUR_MS).toISOString().slice(0, 7);
    const events = ['one', 'two'].map((name) =>
      usageEvent(acme.deployment.id, { id: `away-${name}`, time, quantity: '21' }),
    );
    expect(await submit(stack, events)).toMatchObject({ accepted: 2 });
    await stack.clock.advance(AWAY_MS);
    await stack.control.start(CORE);

    const held = await waitFor(
      'the window to be quarantined',
      async () => {
        const open = await records('open');
        return open.some(({ type }) => type === 'UsageWindow') ? open : null;
      },
      SECONDS,
    );
    expect(new Set(held.map(({ reason }) => reason))).toEqual(new Set(['WINDOW_TOO_OLD']));
    expect(await heldByCore(stack, acme.deployment.id)).toBe('0');
    expect(await isComplete()).toBe(false);
  });

  it('released, by a core-api that dies of it too, it is counted once and its bill waits for it no longer', async () => {
    const open = await records('open');
    const release = async () => {
      for (const { id } of open) await decide(id, 'release');
    };
    await stack.services.dyingAt(CORE, 'usage.after_release_before_compare', release);
    expect(await heldByCore(stack, acme.deployment.id)).toBe('42');
    expect(await records('open')).toEqual([]);
    await release();
    expect(await heldByCore(stack, acme.deployment.id)).toBe('42');
    await waitFor('the month to be complete', isComplete, SECONDS);
    await awaitAllowed(stack, acme.deployment.id);
  });

  it('what the home counted of its other tenants meanwhile is released as well, and every invariant holds in both planes', async () => {
    const tooOld = () => list('reason=WINDOW_TOO_OLD&state=open');
    for (let open = await tooOld(); open.length > 0; open = await tooOld()) {
      for (const { id } of open) await decide(id, 'release');
    }
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
