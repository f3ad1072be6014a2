import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, ServiceClient } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import {
  allowedTransitions,
  DEPLOYMENT_STATES,
  licenseStatusOf,
  type DeploymentState,
} from './domain/deployment-state.js';
import { Suspensions } from './suspensions.service.js';

interface ShownEvent {
  readonly from: DeploymentState | null;
  readonly to: DeploymentState;
  readonly actor: string;
  readonly reason: string;
  readonly cause: string | null;
  readonly at: string;
}
interface Shown {
  readonly state: DeploymentState;
  readonly billingActionSuspended: boolean;
  readonly events: readonly ShownEvent[];
}

let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { other: [`tenant:${randomUUID()}`], reader: ['platform:read'] },
  });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const transition = (id: string, to: string, reason = 'test') =>
  suite.admin.post(`/api/v1/deployments/${id}/transition`, { to, reason });
const shown = async (id: string) => (await suite.admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as Shown;
const run = <T>(work: (tx: never) => Promise<T>): Promise<T> =>
  suite.core.app.get(UnitOfWork).run((tx) => work(tx as never));
const actor = { id: 'dunning', requestId: null };
const dun = (deploymentId: string, to: DeploymentState) =>
  run((tx) =>
    suite.core.app
      .get(DeploymentLifecycle, { strict: false })
      .transition(tx, { deploymentId, to, actor, reason: 'unpaid', cause: 'dunning' }),
  );
const settle = (id: string) =>
  run((tx) =>
    suite.core.app.get(Suspensions, { strict: false }).settle(tx, id, { actor, reason: 'paid', at: new Date(NOW) }),
  );
const NOW = '2026-04-10T10:30:00.000Z';
const hold = (id: string, suspended: boolean) =>
  suite.admin.put(`/api/v1/deployments/${id}/billing-action-suspended`, { suspended, reason: 'promised' });

/** How one gets to a state from `active`. */
const WAYS: Readonly<Record<Exclude<DeploymentState, 'trial'>, readonly DeploymentState[]>> = {
  active: [],
  past_due: ['past_due'],
  paused: ['paused'],
  suspended: ['suspended'],
  cancelled: ['cancelled'],
  archived: ['cancelled', 'archived'],
};

describe('lifecycle of a deployment', () => {
  it.each(Object.entries(WAYS))(
    'from %s every way of the map is open, recorded and licensed, and no other is',
    async (from, way) => {
      const allowed = allowedTransitions(from as DeploymentState);
      for (const to of allowed.length === 0 ? ['archived' as const] : allowed) {
        const { deploymentId: id } = await suite.tenant();
        for (const step of way) expect((await transition(id, step)).status).toBe(200);
        const [before, version] = [await shown(id), (await suite.license(id)).version];
        for (const forbidden of DEPLOYMENT_STATES.filter((state) => !allowed.includes(state))) {
          expect(await transition(id, forbidden)).toMatchObject({
            status: 422,
            body: { code: 'DEPLOYMENT.TRANSITION_FORBIDDEN', from, allowed },
          });
        }
        expect([await shown(id), (await suite.license(id)).version]).toEqual([before, version]);
        if (allowed.length === 0) return;
        expect(await transition(id, to, 'because')).toMatchObject({ status: 200, body: { state: to } });
        const { events } = await shown(id);
        expect(events.at(-1)).toMatchObject({ from, to, actor: 'admin', reason: 'because', cause: 'operator' });
        expect(await suite.license(id)).toMatchObject({ version: version + 1, status: licenseStatusOf(to, false) });
        const told = await suite.events('deployment.transitioned', id);
        expect(told.at(-1)).toMatchObject({ from, to, reason: 'because', at: events.at(-1)!.at });
      }
    },
  );

  it('two transitions at once follow each other along the map, and what no longer has a way is refused', async () => {
    const { deploymentId: id } = await suite.tenant();
    const wanted = ['paused', 'suspended', 'past_due', 'active', 'paused', 'cancelled', 'suspended', 'archived'];
    const answers = await Promise.all(wanted.map((to) => transition(id, to)));
    for (const { status, body } of answers) {
      if (status !== 200) expect([status, body]).toMatchObject([422, { code: 'DEPLOYMENT.TRANSITION_FORBIDDEN' }]);
    }
    const { state, events } = await shown(id);
    expect(events).toHaveLength(1 + answers.filter(({ status }) => status === 200).length);
    expectChain(events, state);
    expect((await suite.license(id)).version).toBe(events.length);
  });

  it('dunning goes to past due and suspended, and what was paid goes on', async () => {
    const { deploymentId: id } = await suite.tenant();
    expect((await dun(id, 'past_due')).outcome).toBe('done');
    expect((await suite.license(id)).status).toBe('active');
    expect((await dun(id, 'suspended')).outcome).toBe('done');
    expect((await suite.license(id)).status).toBe('suspended');
    expect(await transition(id, 'active')).toMatchObject({ status: 422, body: { causes: ['dunning'] } });
    await settle(id);
    const { state, events } = await shown(id);
    expect([state, events.map(({ cause }) => cause)]).toEqual(['active', [null, 'dunning', 'dunning', 'dunning']]);
    expect((await dun(id, 'active')).outcome).toBe('inapplicable');
  });

  it('billingActionSuspended stops dunning alone, is audited once, and a person still may', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    expect(await hold(id, true)).toMatchObject({ status: 200, body: { billingActionSuspended: true } });
    await hold(id, true);
    for (const to of ['past_due', 'suspended'] as const) expect((await dun(id, to)).outcome).toBe('held');
    expect((await shown(id)).events).toHaveLength(1);
    expect(await transition(id, 'past_due')).toMatchObject({ status: 200 });
    expect((await dun(id, 'active')).outcome).toBe('done');
    const removed = await suite.admin.send('DELETE', `/api/v1/deployments/${id}/billing-action-suspended`);
    expect(removed).toMatchObject({ status: 200, body: { billingActionSuspended: false } });
    expect((await dun(id, 'past_due')).outcome).toBe('done');
    for (const action of ['deployment.billing_actions_suspended', 'deployment.billing_actions_resumed']) {
      const audit = await suite.admin.get(`/api/v1/audit?action=${action}&tenantId=${tenantId}`);
      expect((audit.body as { data: unknown[] }).data).toMatchObject([{ objectId: id }]);
    }
  });

  it('dunning joins another cause, and what was settled meanwhile is not past due when that one is lifted', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    await dun(id, 'past_due');
    await suite.admin.expect(200, 'POST', `/api/v1/tenants/${tenantId}/suspend`, { reason: 'abuse' });
    expect((await dun(id, 'suspended')).outcome).toBe('done');
    await settle(id);
    expect((await shown(id)).state).toBe('suspended');
    await suite.admin.expect(200, 'POST', `/api/v1/tenants/${tenantId}/resume`, { reason: 'settled' });
    expect((await shown(id)).state).toBe('active');
  });

  it('no sequence of commands leaves the map: whoever asks, each event begins where the one before it led', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    const seed = 20_260_410;
    const random = seeded(seed);
    const ofTenant = (verb: string) => suite.admin.post(`/api/v1/tenants/${tenantId}/${verb}`, { reason: 'test' });
    const commands: (() => Promise<unknown>)[] = [
      ...(['active', 'active', 'active', 'paused', 'suspended', 'past_due', 'trial', 'archived'] as const).map(
        (to) => () => transition(id, to),
      ),
      ...(['past_due', 'suspended'] as const).map((to) => () => dun(id, to)),
      () => settle(id),
      () => ofTenant('suspend'),
      () => ofTenant('resume'),
      () => hold(id, random() < 0.5),
    ];
    for (let step = 0; step < 80; step += 1) await commands[Math.floor(random() * commands.length)]!();
    const { state, events } = await shown(id);
    expectChain(events, state);
    expect([seed, events.length > 5]).toEqual([seed, true]);
    expect((await suite.license(id)).version).toBe(events.length);
  });

  it('history is append-only, by SQL either', async () => {
    const { deploymentId: id } = await suite.tenant();
    await transition(id, 'suspended');
    await transition(id, 'active');
    const refused: [sql: string, table: string][] = [
      ["UPDATE deployment_event SET at = at - interval '1 day' WHERE deployment_id = $1", 'deployment_event'],
      ['DELETE FROM deployment_event WHERE deployment_id = $1', 'deployment_event'],
      ['UPDATE suspension SET to_at = NULL WHERE deployment_id = $1', 'suspension'],
      ['DELETE FROM suspension WHERE deployment_id = $1', 'suspension'],
      [`UPDATE deployment SET created_at = created_at - interval '1 day' WHERE id = $1`, 'deployment'],
      ['DELETE FROM deployment WHERE id = $1', 'deployment'],
    ];
    for (const [sql, table] of refused) {
      await expect(suite.postgres.query(sql, [id])).rejects.toThrow(`refused on ${table}`);
    }
  });

  it('only an administrator acts, a reason is asked for, and another tenant’s deployment is not found', async () => {
    const { deploymentId: id } = await suite.tenant();
    const as = (client: string) => new ServiceClient(suite.core.url, { clientId: client, clientSecret: client });
    for (const client of ['other', 'reader']) {
      const [path, body] = [`/api/v1/deployments/${id}`, { to: 'paused', reason: 'x' }];
      expect(await as(client).post(`${path}/transition`, body)).toMatchObject({ status: 403 });
      const held = { suspended: true, reason: 'x' };
      expect(await as(client).put(`${path}/billing-action-suspended`, held)).toMatchObject({ status: 403 });
    }
    expect(await as('other').get(`/api/v1/deployments/${id}`)).toMatchObject({ status: 404 });
    expect(await transition(randomUUID(), 'paused')).toMatchObject({ status: 404 });
    expect(await hold(randomUUID(), true)).toMatchObject({ status: 404 });
    const hostile = [
      { to: 'paused' },
      { to: 'gone', reason: 'x' },
      { to: 'paused', reason: 'x', cause: 'dunning' },
      [],
    ];
    for (const body of hostile) {
      expect(await suite.admin.post(`/api/v1/deployments/${id}/transition`, body)).toMatchObject({ status: 400 });
    }
    for (const body of [{ suspended: true }, { suspended: 'true', reason: 'x' }, { reason: 'x' }]) {
      const path = `/api/v1/deployments/${id}/billing-action-suspended`;
      expect(await suite.admin.put(path, body)).toMatchObject({ status: 400 });
    }
    expect((await shown(id)).events).toHaveLength(1);
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Each event begins where the one before it led, along the map, and never before it. */
function expectChain(events: readonly ShownEvent[], state: DeploymentState): void {
  for (const [index, { from, to, at }] of events.entries()) {
    const previous = events[index - 1];
    if (!previous) continue;
    expect(from).toBe(previous.to);
    expect(allowedTransitions(previous.to)).toContain(to);
    expect(at >= previous.at).toBe(true);
  }
  expect(events.at(-1)!.to).toBe(state);
}
