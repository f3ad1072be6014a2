import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createKeyPair } from '@biplane/licensing';
import { openApiDocument } from '@biplane/service-kit';
import {
  AnswerSchemas,
  answersWithoutPlace,
  routesWithoutAnswerSchema,
  ServiceClient,
  testPostgres,
  waitFor,
  type TestPostgres,
} from '@biplane/testing';
import { DOCS } from './app.module.js';
import { ceremonyKey, runCore, type RunningCore } from './testing/running-core.js';
import { gst, meters, prepareCatalog, regionBody, storageAddon, studio, tenantBody } from './testing/scenario.js';

const homeId = randomUUID();
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let schemas: AnswerSchemas;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt: '2026-04-10T12:00:00.000Z' });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
  schemas = new AnswerSchemas(openApiDocument(core.app, DOCS));
});
afterAll(async () => {
  await core?.close();
  await postgres?.drop();
});

type Params = Readonly<Record<string, string | number>>;

/** Sends the request of a route of the document and holds its answer against the document. */
async function answers(
  status: number,
  method: string,
  route: string,
  request: { params?: Params; query?: string; body?: unknown; key?: string } = {},
): Promise<unknown> {
  const path = route.replace(/\{([^}]+)\}/g, (_, name: string) => String(request.params?.[name]));
  const headers: Record<string, string> = request.key === undefined ? {} : { 'idempotency-key': request.key };
  const answer = await admin.send(method, `${path}${request.query ?? ''}`, request.body, headers);
  expect({ route, status: answer.status }).toEqual({ route, status });
  expect(schemas.mistakes(method, route, answer)).toEqual([]);
  const location = answer.headers.get('location');
  if (location !== null)
    expect({ location, status: (await admin.get(location)).status }).toEqual({ location, status: 200 });
  return answer.body;
}

interface Created {
  readonly tenant: { readonly id: string };
  readonly deployment: { readonly id: string };
  readonly operation: { readonly id: string };
}

const create = async (slug: string): Promise<Created> =>
  (await answers(202, 'POST', '/api/v1/tenants', {
    body: tenantBody(slug, 'eu-1'),
    key: `create-${slug}`,
  })) as Created;

describe('the OpenAPI document', () => {
  it('OpenAPI: every route has a success schema', () => {
    expect(routesWithoutAnswerSchema(openApiDocument(core.app, DOCS))).toEqual([]);
  });

  it('OpenAPI: whatever was made or begun is found where its answer says', () => {
    // Of usage the answer says all there is: what became of each event.
    expect(answersWithoutPlace(openApiDocument(core.app, DOCS))).toEqual(['POST /api/v1/subscription/usage: 202']);
  });

  const filters = () =>
    Object.entries(openApiDocument(core.app, DOCS).paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? []).flatMap((parameter) =>
        'in' in parameter && parameter.in === 'query' ? [{ path, name: parameter.name, schema: parameter.schema }] : [],
      ),
    );

  it('OpenAPI: a filter by an id is named like the member that has it', () => {
    const ofIds = filters().filter(
      ({ schema }) => schema !== undefined && 'format' in schema && schema.format === 'uuid',
    );
    expect(ofIds.length).toBeGreaterThan(10);
    expect(ofIds.filter(({ name }) => !name.endsWith('Id'))).toEqual([]);
  });

  it('OpenAPI: no filter takes in silence what it cannot mean', async () => {
    const taken: string[] = [];
    for (const { path, name } of filters()) {
      const { status, body } = await admin.get(`${path.replace(/\{[^}]+\}/g, randomUUID())}?${name}=~none~`);
      const told = ((body as { errors?: { pointer: string }[] }).errors ?? []).map(({ pointer }) => pointer);
      if (status !== 400 || !told.some((pointer) => pointer.endsWith(`/${name}`))) taken.push(`${path} ${name}`);
    }
    // Who acts, and what is acted on, may have been named by others; a cursor is read once what it is of is found.
    expect(taken.filter((filter) => !filter.endsWith(' cursor'))).toEqual([
      '/api/v1/audit actor',
      '/api/v1/audit objectId',
      '/api/v1/audit/export actor',
      '/api/v1/audit/export objectId',
    ]);
  });

  it('finds an answer that has what its schema does not name, lacks what it requires, or is of another type', async () => {
    const { body } = await admin.get('/api/v1/regions/eu-1');
    const region = body as Record<string, unknown>;
    const { code: _, ...codeless } = region;
    for (const wrong of [{ ...region, secret: 'x' }, codeless, { ...region, residency: 7 }, null]) {
      expect(schemas.mistakes('GET', '/api/v1/regions/{code}', { status: 200, body: wrong })).not.toEqual([]);
    }
    expect(schemas.mistakes('GET', '/api/v1/regions/{code}', { status: 299, body: region })).toHaveLength(1);
  });

  it('describes what the service says of itself', async () => {
    await answers(200, 'GET', '/health/live');
    await answers(200, 'GET', '/version');
    const token = await fetch(`${core.url}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
    const answer = { status: token.status, body: await token.json() };
    expect(schemas.mistakes('POST', '/oauth/token', answer)).toEqual([]);
  });

  it('describes the catalog', async () => {
    const [meter] = meters;
    await answers(201, 'POST', '/api/v1/catalog/meters', { body: { ...meter, meter: 'connectors' } });
    await answers(201, 'POST', '/api/v1/catalog/addons', { body: { ...storageAddon, code: 'storage_more' } });
    await answers(201, 'POST', '/api/v1/catalog/taxes', { body: { ...gst, country: 'NZ', to: '2030-01-01' } });
    for (const list of ['meters', 'addons', 'taxes', 'items']) await answers(200, 'GET', `/api/v1/catalog/${list}`);
  });

  it('describes plans and their versions, of every strategy', async () => {
    const rate = { perSecond: '5', burst: 10 };
    const limits = [
      { meter: 'api_calls', cap: '10', window: 'day', strategy: 'throttle', warnAt: ['0.5'], rate },
      { meter: 'storage_gb', cap: '5', window: null, strategy: 'soft_warning' },
    ];
    const version = {
      ...studio.version,
      modules: [{ module: 'search', features: ['query'], dailyPrice: null, limits }],
    };
    await answers(201, 'POST', '/api/v1/subscription/plans', { body: { ...studio, code: 'wide', version } });
    const params = { code: 'wide', version: 1 };
    await answers(200, 'POST', '/api/v1/subscription/plans/{code}/versions/{version}/publish', { params });
    await answers(201, 'POST', '/api/v1/subscription/plans/{code}/versions', { params, body: { version } });
    await answers(200, 'GET', '/api/v1/subscription/plans/{code}', { params });
    await answers(200, 'GET', '/api/v1/subscription/plans', { query: '?limit=1' });
    await answers(200, 'GET', '/api/v1/catalog/items');
  });

  it('describes regions', async () => {
    const params = { code: 'eu-1' };
    await answers(200, 'PUT', '/api/v1/regions/{code}', { params, body: regionBody(homeId) });
    await answers(200, 'GET', '/api/v1/regions/{code}', { params });
    await answers(200, 'GET', '/api/v1/regions');
  });

  it('describes a tenant from its creation on, and the audit of it', async () => {
    const { tenant, deployment, operation } = await create('described');
    await create('described'); // once more under its key: the token is null
    await answers(200, 'GET', '/api/v1/tenants/{id}', { params: { id: tenant.id } });
    await answers(200, 'GET', '/api/v1/tenants');
    await answers(200, 'GET', '/api/v1/operations/{id}', { params: { id: operation.id } });
    await answers(200, 'GET', '/api/v1/deployments');
    const params = { id: deployment.id };
    await answers(200, 'GET', '/api/v1/deployments/{id}', { params });
    const body = { to: 'paused', reason: 'asked for' };
    await answers(200, 'POST', '/api/v1/deployments/{id}/transition', { params, body });
    await answers(200, 'GET', '/api/v1/deployments/{id}', { params });
    await answers(200, 'GET', '/api/v1/audit', { query: '?limit=200' });
    await answers(200, 'GET', '/api/v1/audit/verify', { query: '?limit=1' });
  });

  it('describes what is done to deployments and subscriptions, previews and migrations of plans', async () => {
    const { tenant, deployment } = await create('steered');
    const params = { id: deployment.id };
    const reason = 'asked for';
    const held = { suspended: true, reason };
    await answers(200, 'PUT', '/api/v1/deployments/{id}/billing-action-suspended', { params, body: held });
    await answers(200, 'DELETE', '/api/v1/deployments/{id}/billing-action-suspended', { params });
    await answers(201, 'POST', '/api/v1/catalog/addons', { body: { ...storageAddon, code: 'storage_extra' } });
    const addons = '/api/v1/deployments/{id}/addons';
    await answers(201, 'POST', addons, { params, body: { code: 'storage_extra' } });
    const one = { ...params, code: 'storage_extra' };
    await answers(200, 'PUT', `${addons}/{code}`, { params: one, body: { quantity: '2' } });
    await answers(200, 'DELETE', `${addons}/{code}`, { params: one });

    const second = { tenantId: tenant.id, slug: 'second', displayName: 'Second', region: 'eu-1', llmMode: 'hosted' };
    const recorded = (await answers(201, 'POST', '/api/v1/deployments', { body: second, key: 'second' })) as Created;
    const third = { ...second, slug: 'third', plan: { code: 'studio' } };
    await answers(202, 'POST', '/api/v1/deployments', { body: third, key: 'third' });
    const choice = { planCode: 'studio' };
    const started = (await answers(201, 'POST', '/api/v1/deployments/{id}/subscribe', {
      params: { id: recorded.deployment.id },
      body: choice,
    })) as { id: string };
    const fourth = (await answers(201, 'POST', '/api/v1/deployments', {
      body: { ...second, slug: 'fourth' },
      key: 'fourth',
    })) as Created;
    const body = { ...choice, deploymentId: fourth.deployment.id };
    await answers(201, 'POST', '/api/v1/billing/subscriptions', { body });

    const subscription = { id: started.id };
    const plans = '/api/v1/subscription/plans';
    await answers(201, 'POST', plans, { body: { ...studio, code: 'higher', rank: 90 } });
    await answers(200, 'POST', `${plans}/{code}/versions/{version}/publish`, {
      params: { code: 'higher', version: 1 },
    });
    const change = { planCode: 'higher', mode: 'now', reason };
    for (const preview of [true, false]) {
      await answers(200, 'POST', '/api/v1/billing/subscriptions/{id}/change-plan', {
        params: subscription,
        body: { ...change, preview },
      });
    }
    for (const [verb, more] of [
      ['pause', {}],
      ['resume', {}],
      ['cancel', { at: 'period_end' }],
    ] as const) {
      const path = `/api/v1/billing/subscriptions/{id}/${verb}`;
      await answers(200, 'POST', path, { params: subscription, body: { reason, ...more } });
    }
    const migrate = { mode: 'migrate', reason };
    const toSecond = { code: 'higher', version: 2 };
    await answers(201, 'POST', `${plans}/{code}/versions`, { params: toSecond, body: { version: studio.version } });
    await answers(200, 'POST', `${plans}/{code}/versions/{version}/publish`, { params: toSecond });
    const route = `${plans}/{code}/versions/{version}/migrate`;
    await answers(200, 'POST', route, { params: toSecond, body: { ...migrate, preview: true } });
    const migration = (await answers(202, 'POST', route, { params: toSecond, body: migrate })) as { id: string };
    await answers(200, 'GET', '/api/v1/subscription/plan-migrations/{id}', { params: migration });
  });

  it('describes webhooks: endpoints, their secrets, and deliveries', async () => {
    const endpoints = '/api/v1/webhooks/endpoints';
    const body = { url: 'https://hooks.example.com/', eventTypes: ['invoice.issued'] };
    const params = { id: ((await answers(201, 'POST', endpoints, { body })) as { id: string }).id };
    await answers(200, 'GET', endpoints);
    await answers(200, 'GET', `${endpoints}/{id}`, { params });
    await answers(200, 'POST', `${endpoints}/{id}/rotate-secret`, { params });
    await answers(200, 'POST', `${endpoints}/{id}/disable`, { params });
    await answers(200, 'POST', `${endpoints}/{id}/enable`, { params });
    const delivery = (await answers(202, 'POST', `${endpoints}/{id}/test`, { params })) as { id: string };
    await answers(200, 'GET', '/api/v1/webhooks/deliveries');
    await answers(200, 'GET', '/api/v1/webhooks/deliveries/{id}', { params: delivery });
    await answers(202, 'POST', '/api/v1/webhooks/deliveries/{id}/replay', { params: delivery });
    expect((await admin.send('DELETE', `${endpoints}/${params.id}`)).status).toBe(204);
  });

  it('describes a failed operation and its retry', async () => {
    const { operation } = await create('late');
    await postgres.query(`UPDATE operation SET state = 'failed', reason = 'x', deadline_at = NULL WHERE id = $1`, [
      operation.id,
    ]);
    await postgres.query(
      `UPDATE operation_step SET state = 'failed', reason = 'x' WHERE operation_id = $1 AND state = 'running'`,
      [operation.id],
    );
    const params = { id: operation.id };
    await answers(200, 'GET', '/api/v1/operations/{id}', { params });
    await answers(200, 'POST', '/api/v1/operations/{id}/retry', { params });
  });

  it('describes licenses, their history and their keys', async () => {
    const { deployment } = await create('licensed');
    const params = { deploymentId: deployment.id };
    const body = { reason: 'asked for' };
    await answers(200, 'GET', '/api/v1/licenses/{deploymentId}', { params });
    await answers(200, 'POST', '/api/v1/licenses/{deploymentId}/reissue', { params, body });
    await answers(200, 'POST', '/api/v1/licenses/{deploymentId}/revoke', { params, body });
    await answers(200, 'GET', '/api/v1/licenses/{deploymentId}', { params });
    await answers(200, 'GET', '/api/v1/licenses/{deploymentId}/history', { params });
    const { privateKey } = createKeyPair();
    await answers(201, 'POST', '/api/v1/licenses/keys', { body: ceremonyKey(privateKey) });
    await answers(200, 'GET', '/.well-known/jwks.json');
  });

  it('describes bills: quotes, the month, a preview, an invoice, and what they wait for', async () => {
    const { tenant } = await create('billed');
    // As the home that is not here would have said: a month in which nothing was ready owes nothing.
    await postgres.query('UPDATE deployment SET first_ready_at = created_at WHERE tenant_id = $1', [tenant.id]);
    const quote = {
      currency: 'USD',
      timeZone: 'UTC',
      period: { from: '2026-04-01T00:00:00Z', to: '2026-05-01T00:00:00Z' },
      taxes: [{ code: 'GST', name: 'GST 10 %', rate: '0.10' }],
      deployments: [{ ref: 'web', plan: { code: 'studio', version: 1 }, usage: { droplet_hours: '2160' } }],
    };
    await answers(200, 'POST', '/api/v1/quotes', { body: quote });
    const params = { id: tenant.id };
    await answers(200, 'GET', '/api/v1/billing/tenants/{id}/monthly', { params, query: '?period=2026-04' });
    const invoice = { tenantId: tenant.id, period: '2026-04' };
    const route = '/api/v1/billing/invoices';
    await answers(200, 'POST', route, { body: { ...invoice, action: 'preview' }, key: 'preview' });
    await answers(200, 'GET', '/api/v1/admin/usage/completeness', { query: '?period=2026-04' });
    // Past the cut-off: no home ever reported.
    core.setClock('2026-05-05T00:00:00.000Z');
    await waitFor('the clock', async () => {
      const { now } = (await admin.expect(200, 'GET', '/version')) as { now: string };
      return now >= '2026-05-05';
    });
    const issue = { ...invoice, action: 'issue' };
    const { id } = (await answers(201, 'POST', route, { body: issue, key: 'issue' })) as { id: string };
    await answers(200, 'POST', route, { body: issue, key: 'again' });
    await answers(200, 'GET', `${route}/{id}`, { params: { id } });
    await answers(200, 'GET', route);
    const query = `?period=2026-04&tenantId=${tenant.id}`;
    await answers(200, 'GET', '/api/v1/admin/usage/completeness', { query });
  });
});
