import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantRoleNames } from '@biplane/licensing';
import { orThrow, parseDeploymentId } from '@biplane/kernel';
import type { ServiceClient } from '@biplane/testing';
import { issueInvoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { clientOf, withClients } from './support/clients.js';
import { askCore, askGate } from './support/gate.js';
import { inParallel } from './support/in-parallel.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, openMonth } from './support/month.js';
import { isId, pathOf, queryOf, routesOf, sampleOf, type Route } from './support/openapi.js';
import { CORE, E2eStack, HOME, OTHER_REGION, REGION, SOAK } from './support/stack.js';
import { awaitAllowed, checkGate, createReadyTenant, licenseOf, type CreatedTenant } from './support/tenants.js';
import { awaitBillable, dropletEvents, heldByCore, submit, usageEvent, type UsageAnswer } from './support/usage.js';

/** A tenant with everything that could be asked for, under its own token in both planes. */
interface Party {
  readonly created: CreatedTenant;
  readonly ids: Readonly<Record<string, string>>;
  /** What only its own answers may say. */
  readonly marks: readonly string[];
  readonly core: ServiceClient;
  readonly home: ServiceClient;
  readonly internal: ServiceClient;
}

const INTERLEAVED = SOAK ? 5_000 : 500;

describe('two tenants', () => {
  const stack = E2eStack.open();
  const { coreApi } = stack.file;
  const homeUrl = stack.file.tenantApi[REGION] as string;
  const internalUrl = stack.file.tenantApiInternal[REGION] as string;
  let ann: Party;
  let bob: Party;
  let coreRoutes: Route[];
  let homeRoutes: Route[];
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    await authorCatalog(stack);
    const month = await openMonth(stack);
    const created = [await createReadyTenant(stack, 'studio'), await createReadyTenant(stack, 'atelier')] as const;
    await endMonth(stack, month);
    const invoices: string[] = [];
    for (const party of created) {
      await submit(stack, dropletEvents(party.deployment.id, month, 36));
      await awaitBillable(stack, party, month);
      invoices.push((await issueInvoice(stack, party.tenant.id, month)).id);
    }
    const scopes = ({ tenant }: CreatedTenant) => [`tenant:${tenant.id}`];
    const [first, second] = created;
    undo.push((await withClients(stack, CORE, [
      { id: 'ann', scopes: scopes(first) },
      { id: 'bob', scopes: scopes(second) },
    ])).undo); // prettier-ignore
    const atHome = (owner: CreatedTenant) => [...scopes(owner), 'usage:submit', 'entitlements:check'];
    undo.push((await withClients(stack, HOME, [
      { id: 'ann', scopes: atHome(first), regions: [REGION] },
      { id: 'bob', scopes: atHome(second), regions: [REGION] },
      { id: 'stranger', scopes: ['usage:submit', 'entitlements:check'], regions: [OTHER_REGION] },
    ])).undo); // prettier-ignore
    ann = await partyOf('ann', first, invoices[0] as string);
    bob = await partyOf('bob', second, invoices[1] as string);
    coreRoutes = await routesOf(coreApi);
    homeRoutes = await routesOf(homeUrl);
    await awaitAllowed(stack, second.deployment.id);
  }, 300_000);
  afterAll(async () => {
    for (const step of undo) await step();
  });

  async function partyOf(id: string, created: CreatedTenant, invoiceId: string): Promise<Party> {
    const { tenant, deployment, operation } = created;
    const shown = (await stack.core.expect(200, 'GET', `/api/v1/deployments/${deployment.id}`)) as {
      subscription?: { id?: string };
    };
    const license = await licenseOf(stack, deployment.id);
    const ids: Record<string, string> = {
      tenantId: tenant.id,
      deploymentId: deployment.id,
      operationId: operation.id,
      invoiceId,
      ...(shown.subscription?.id !== undefined && { subscriptionId: shown.subscription.id }),
    };
    const more = await objectsOf(stack, created, clientOf(internalUrl, id, homeUrl));
    Object.assign(ids, more);
    const marks = [...Object.values(ids), tenant.slug, tenant.name, deployment.database, license.document.jti];
    const [core, home] = [clientOf(coreApi, id), clientOf(homeUrl, id)];
    return { created, ids, marks, core, home, internal: clientOf(internalUrl, id, homeUrl) };
  }

  /** What an answer tells of the other tenant, beyond what the request itself named. */
  const leaks = (answer: unknown, sent: string, other: Party): string[] => {
    const text = JSON.stringify(answer);
    return other.marks.filter((mark) => text.includes(mark) && !sent.includes(mark));
  };

  it('F2: with the other’s id in the path, every route of core-api answers 403 or 404', async () => {
    const routes = coreRoutes.filter(({ pathParameters, scopes }) => scopes.length > 0 && pathParameters.some(isId));
    expect(routes.length).toBeGreaterThan(5);
    for (const route of routes) {
      for (const id of Object.values(bob.ids)) {
        const path = pathOf(route, () => id) + queryOf(route);
        const body = route.body === null ? undefined : sampleOf(route.body, bob.ids);
        const answer = await ann.core.send(route.method, path, body, { 'x-deployment-id': bob.created.deployment.id });
        const isRefused = answer.status === 403 || answer.status === 404;
        expect([`${route.method} ${path}`, isRefused || answer.status]).toEqual([`${route.method} ${path}`, true]);
        expect(leaks(answer.body, path + JSON.stringify(body), bob)).toEqual([]);
      }
    }
  });

  it('F2: each reads its own objects by the same routes', async () => {
    expect(Object.keys(bob.ids)).toEqual(expect.arrayContaining(['homeReservationId', 'reservationId', 'ticketId']));
    const own = [
      `/api/v1/tenants/${ann.ids['tenantId']}`,
      `/api/v1/deployments/${ann.ids['deploymentId']}`,
      `/api/v1/operations/${ann.ids['operationId']}`,
      `/api/v1/licenses/${ann.ids['deploymentId']}`,
      `/api/v1/billing/invoices/${ann.ids['invoiceId']}`,
      `/api/v1/subscription/violations/${ann.ids['violationId']}`,
      `/api/v1/webhooks/endpoints/${ann.ids['endpointId']}`,
      `/api/v1/webhooks/deliveries/${ann.ids['deliveryId']}`,
      `/api/v1/subscription/tenants/${ann.ids['tenantId']}/entitlements`,
    ];
    for (const path of own) {
      const answer = await ann.core.get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(leaks(answer.body, path, bob)).toEqual([]);
    }
  });

  it('F1: with the other’s ids in query, body and header, no route of core-api tells of the other', async () => {
    for (const route of coreRoutes.filter(({ scopes }) => scopes.length > 0)) {
      const given = { ...bob.ids, id: bob.created.tenant.id };
      const path = pathOf(route, (name) => ann.ids[name] ?? ann.created.tenant.id) + queryOf(route, given);
      const body = route.body === null ? undefined : sampleOf(route.body, given);
      const answer = await ann.core.send(route.method, path, body, { 'x-deployment-id': bob.created.deployment.id });
      expect([`${route.method} ${path}`, answer.status < 500]).toEqual([`${route.method} ${path}`, true]);
      expect(leaks(answer.body, path + JSON.stringify(body), bob)).toEqual([]);
      if (route.method !== 'GET') expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('F1: with the other’s ids anywhere, no route of tenant-api acts for the other', async () => {
    const { deployment } = bob.created;
    const held = await heldByCore(stack, deployment.id);
    for (const route of homeRoutes.filter(({ scopes }) => scopes.length > 0)) {
      const client = route.path.startsWith('/internal') ? ann.internal : ann.home;
      const given = { ...bob.ids, subject: deployment.id, action: 'search:full_text' };
      for (const id of route.pathParameters.some(isId) ? Object.values(bob.ids) : [deployment.id]) {
        const path = pathOf(route, () => id) + queryOf(route, bob.ids);
        const body = route.body === null ? undefined : sampleOf(route.body, given);
        const answer = await client.send(route.method, path, body, { 'x-deployment-id': deployment.id });
        expect([`${route.method} ${path}`, answer.status < 500]).toEqual([`${route.method} ${path}`, true]);
        if (route.pathParameters.some(isId)) expect([path, answer.status >= 400]).toEqual([path, true]);
        expect(leaks(answer.body, path + JSON.stringify(body), bob)).toEqual([]);
      }
    }
    const { body: held1 } = await stack.gate.post(
      `/internal/gate/reservations/${bob.ids['homeReservationId']}/release`,
    );
    expect(held1).toMatchObject({ state: 'released' });
    expect(await heldByCore(stack, deployment.id)).toBe(held);
  });

  it('F1: a tenant’s own client is denied the other’s gate and cannot submit the other’s usage', async () => {
    const { id } = bob.created.deployment;
    const question = { deploymentId: id, action: 'search:full_text' };
    expect(await checkGate(stack, id, 'search:full_text')).toMatchObject({ outcome: 'allow' });
    const denied = await ann.internal.post('/internal/gate/check', question);
    expect(denied.status === 200 ? (denied.body as { outcome: string }).outcome : 'deny').toBe('deny');

    const event = usageEvent(id, { id: 'forged', time: stack.clock.now(), quantity: '99' });
    const sent = await ann.home.post('/api/v1/usage', event, { 'content-type': 'application/cloudevents+json' });
    const accepted = sent.status === 202 ? (sent.body as UsageAnswer).accepted : 0;
    expect(accepted).toBe(0);
  });

  it('a token of one plane is refused by every route of the other', async () => {
    const coreToken = { authorization: `Bearer ${await stack.core.accessToken()}` };
    const homeToken = { authorization: `Bearer ${await stack.gate.accessToken()}` };
    const refused = async (baseUrl: string, route: Route, token: Readonly<Record<string, string>>) => {
      const path = pathOf(route, () => ann.ids['deploymentId'] as string);
      const url = `${route.path.startsWith('/internal') ? internalUrl : baseUrl}${path}`;
      const answer = await fetch(url, { method: route.method, headers: token });
      expect([`${route.method} ${path}`, answer.status]).toEqual([`${route.method} ${path}`, 401]);
    };
    for (const route of homeRoutes) if (route.scopes.length > 0) await refused(homeUrl, route, coreToken);
    for (const route of coreRoutes) if (route.scopes.length > 0) await refused(coreApi, route, homeToken);
  });

  it('the submitter of one region is refused in another', async () => {
    const event = usageEvent(ann.created.deployment.id, { id: 'elsewhere', time: stack.clock.now(), quantity: '1' });
    const stranger = clientOf(homeUrl, 'stranger');
    const answer = await stranger.post('/api/v1/usage', event, { 'content-type': 'application/cloudevents+json' });
    expect(answer.status).toBe(403);
  });

  it('F2: the database roles of one tenant cannot connect to the database of the other', async () => {
    const { databases } = stack;
    const login = { user: 'e2e_probe', password: 'a-probe-on-a-loopback-stack' };
    const rolesOf = ({ created }: Party) => tenantRoleNames(orThrow(parseDeploymentId(created.deployment.id)));
    for (const [from, to] of [
      [ann, bob],
      [bob, ann],
    ] as const) {
      for (const role of [rolesOf(from).owner, rolesOf(from).runtime]) {
        await databases.query(
          'postgres',
          `CREATE ROLE ${login.user} LOGIN PASSWORD '${login.password}' IN ROLE "${role}"`,
        );
        try {
          await databases.connectAs(from.created.deployment.database, login);
          await expect(databases.connectAs(to.created.deployment.database, login)).rejects.toThrow(/permission denied/);
          await expect(databases.connectAs(databases.home, login)).rejects.toThrow(/permission denied/);
          await expect(databases.connectAs(databases.core, login)).rejects.toThrow(/permission denied/);
        } finally {
          await databases.query('postgres', `DROP ROLE ${login.user}`);
        }
      }
    }
  });

  it(`F3: 2 x ${INTERLEAVED} interleaved requests never mix the answers of the two`, async () => {
    const [first, second] = [ann, bob];
    const asked = Array.from({ length: 2 * INTERLEAVED }, (_, index) => index);
    await inParallel(asked, 24, async (index) => {
      const [self, other] = index % 2 === 0 ? [first, second] : [second, first];
      const path = ownPaths(self)[Math.floor(index / 2) % ownPaths(self).length] as string;
      if (index % 5 === 0) {
        const { outcome } = await checkGate(stack, self.created.deployment.id, 'search:full_text');
        expect([index, outcome]).toEqual([index, self === second ? 'allow' : 'deny']);
        return;
      }
      const { status, body } = await self.core.get(path);
      expect([path, status]).toEqual([path, 200]);
      const text = JSON.stringify(body);
      expect(self.marks.some((mark) => text.includes(mark))).toBe(true);
      expect(leaks(body, '', other)).toEqual([]);
    });
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

/** What the newer routes speak of, one of each that the plan has: so that they are asked for what is really there. */
async function objectsOf(
  stack: E2eStack,
  { tenant, deployment }: CreatedTenant,
  internal: ServiceClient,
): Promise<Record<string, string>> {
  const deploymentId = deployment.id;
  const report = { deploymentId, rule: 'fair_use', detail: 'e2e' };
  const violation = (await stack.core.expect(201, 'POST', VIOLATION, report)) as { id: string };
  const url = 'https://hooks.example.com/e2e';
  const endpoint = (await stack.core.expect(201, 'POST', ENDPOINTS, { url, tenantId: tenant.id })) as { id: string };
  const delivery = (await stack.core.expect(202, 'POST', `${ENDPOINTS}/${endpoint.id}/test`)) as { id: string };
  await stack.core.expect(200, 'POST', `${ENDPOINTS}/${endpoint.id}/disable`);
  const question = { deploymentId, action: 'financials:automated_billing', meter: 'api_calls', reserve: true };
  const atHome = await askGate(internal, question);
  const seat = await askCore(stack.core, { deploymentId, action: 'seats:assign', meter: 'seats', reserve: true });
  const queued = { deploymentId, action: 'imports:run', meter: 'imported_gb', reserve: true };
  // One has all there is, the next waits.
  await askCore(stack.core, queued);
  const waiting = await askCore(stack.core, queued);
  return {
    violationId: violation.id,
    endpointId: endpoint.id,
    deliveryId: delivery.id,
    ...(atHome.reservationId !== undefined && { homeReservationId: atHome.reservationId }),
    ...(seat.reservationId !== undefined && { reservationId: seat.reservationId }),
    ...(waiting.ticketId !== undefined && { ticketId: waiting.ticketId }),
  };
}

const VIOLATION = '/api/v1/subscription/enforcement/violation';
const ENDPOINTS = '/api/v1/webhooks/endpoints';

const ownPaths = ({ ids }: Party): string[] => [
  '/api/v1/tenants',
  '/api/v1/deployments',
  '/api/v1/billing/invoices',
  `/api/v1/tenants/${ids['tenantId']}`,
  `/api/v1/deployments/${ids['deploymentId']}`,
  `/api/v1/licenses/${ids['deploymentId']}`,
];
