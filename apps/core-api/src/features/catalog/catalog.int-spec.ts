import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { sourcePathsOf } from '@biplane/contracts';
import { ServiceClient, testPostgres, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { gst, meters, prepareCatalog, regionBody, storageAddon, studio, tenantBody } from '../../testing/scenario.js';

const homeId = randomUUID();
const tenantScope = { a: '', b: '' };
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let reader: ServiceClient;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({
    databaseUrl: postgres.url,
    regions: ['eu-1', 'us-1'],
    clients: { reader: ['platform:read'] },
  });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  reader = new ServiceClient(core.url, { clientId: 'reader', clientSecret: 'reader' });
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
});
afterAll(async () => {
  await core?.close();
  await postgres?.drop();
});

describe('the catalog', () => {
  it('goes from draft to published, and gives the content back as it was sent', async () => {
    const plan = { ...studio, code: 'draftee' };
    expect(await admin.post('/api/v1/subscription/plans', plan)).toMatchObject({
      status: 201,
      body: { code: 'draftee', versionNumber: 1, state: 'draft', version: plan.version },
    });
    expect(await admin.post('/api/v1/subscription/plans', plan)).toMatchObject({
      status: 409,
      body: { code: 'CATALOG.CODE_TAKEN' },
    });
    expect(await admin.post('/api/v1/subscription/plans/draftee/versions', { version: plan.version })).toMatchObject({
      status: 409,
      body: { code: 'CATALOG.DRAFT_EXISTS' },
    });
    expect(await admin.post('/api/v1/subscription/plans/draftee/versions/1/publish')).toMatchObject({
      status: 200,
      body: { state: 'published' },
    });
    expect(await admin.post('/api/v1/subscription/plans/draftee/versions/1/publish')).toMatchObject({
      status: 422,
      body: { code: 'CATALOG.VERSION_PUBLISHED' },
    });
    expect(await admin.post('/api/v1/subscription/plans/draftee/versions', { version: plan.version })).toMatchObject({
      status: 201,
      body: { versionNumber: 2 },
    });
    expect(await admin.get('/api/v1/subscription/plans/draftee')).toMatchObject({
      status: 200,
      body: { publishedVersion: 1, versions: [{ version: 1 }, { version: 2 }] },
    });
  });

  it('publishes every kind of price, with its discounts and bounds, as it was sent', async () => {
    const tiers = [
      { upTo: '100', unitPrice: '0.10', flatFee: '1.00' },
      { upTo: null, unitPrice: '0.05' },
    ];
    const prices = [
      { kind: 'graduated', tiers },
      { kind: 'volume', tiers },
      { kind: 'package', size: '1000', packagePrice: '2.00' },
      { kind: 'percentage', rate: '0.029' },
    ];
    const discounts = [{ kind: 'percent', rate: '0.10' }];
    for (const [index, price] of prices.entries()) {
      const version = {
        ...studio.version,
        minimumCommitment: '10.00',
        maximum: '500.00',
        modules: studio.version.modules.map((module) => ({ ...module, dailyPrice: '0.10' })),
        meters: [{ meter: 'droplet_hours', included: '0', price, discounts, minimum: '1.00', maximum: '9.00' }],
      };
      const path = `/api/v1/subscription/plans/kind_${index}/versions/1/publish`;
      const drafted = await admin.post('/api/v1/subscription/plans', { ...studio, code: `kind_${index}`, version });
      expect(drafted).toMatchObject({ status: 201, body: { version } });
      expect(await admin.post(path)).toMatchObject({ status: 200, body: { state: 'published', version } });
    }
  });

  it('refuses an add-on whose price no bill could charge', async () => {
    const price = { kind: 'flat', amount: '92233720368547758.08' };
    expect(await admin.post('/api/v1/catalog/addons', { ...storageAddon, code: 'dear', price })).toMatchObject({
      status: 422,
      body: { code: 'CATALOG.ADDON_INVALID', errors: [{ pointer: '/price/amount' }] },
    });
  });

  it('holds a published version immutable by SQL too', async () => {
    const where = `WHERE plan_code = 'studio' AND version = 1`;
    await expect(postgres.query(`UPDATE plan_version SET content = '{}' ${where}`)).rejects.toThrow(
      /published and immutable/,
    );
    await expect(
      postgres.query(`UPDATE plan_version SET state = 'draft', published_at = NULL ${where}`),
    ).rejects.toThrow(/published and immutable/);
    await expect(postgres.query(`DELETE FROM plan_version ${where}`)).rejects.toThrow(/published and immutable/);
  });

  it('refuses a malformed plan with 400 and one against the rules with 422, at the field', async () => {
    const bad = (version: object) =>
      admin.post('/api/v1/subscription/plans', { ...studio, code: 'bad', version: { ...studio.version, ...version } });
    expect(await bad({ baseFee: 50 })).toMatchObject({
      status: 400,
      body: { code: 'REQUEST.INVALID', errors: [{ pointer: '/version/baseFee' }] },
    });
    expect(await bad({ surprise: 1, baseFee: undefined })).toMatchObject({
      status: 400,
      body: {
        detail: 'surprise is not known here; /version/baseFee is missing',
        errors: [{ pointer: '/version/surprise' }, { pointer: '/version/baseFee' }],
      },
    });
    expect(await bad({ baseFee: '50.001' })).toMatchObject({
      status: 422,
      body: { code: 'CATALOG.PLAN_INVALID', errors: [{ pointer: '/version/baseFee' }] },
    });
    const price = { kind: 'auction' };
    const refused = await bad({ meters: [{ meter: 'droplet_hours', included: '0', price }] });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/version/meters/0/price/kind' }] } });
    expect(JSON.stringify(refused.body)).toContain('per_unit');
    expect(await admin.get('/api/v1/subscription/plans/bad')).toMatchObject({ status: 404 });
  });

  it('keeps meters, add-ons and taxes unique, and taxes without overlap', async () => {
    expect(await admin.post('/api/v1/catalog/meters', meters[0])).toMatchObject({ status: 409 });
    expect(await admin.post('/api/v1/catalog/addons', storageAddon)).toMatchObject({ status: 409 });
    expect(await admin.post('/api/v1/catalog/taxes', { ...gst, from: '2026-01-01' })).toMatchObject({
      status: 422,
      body: { code: 'CATALOG.TAX_INVALID' },
    });
    expect(
      await admin.post('/api/v1/catalog/addons', {
        ...storageAddon,
        code: 'x',
        grants: [{ module: 'm', meter: 'nope', addToCap: '1' }],
      }),
    ).toMatchObject({ status: 422 });
    expect(await reader.get('/api/v1/catalog/taxes')).toMatchObject({ body: { data: [gst] } });
    expect(await reader.get('/api/v1/catalog/items')).toMatchObject({ status: 200 });
  });

  it('answers bad input with a typed refusal, never with a 500', async () => {
    const bodies = [
      null,
      [],
      'text',
      7,
      { version: null },
      { code: {} },
      { ...studio, version: [] },
      { ...studio, rank: 1e99 },
      { ...studio, code: '\u0000' },
    ];
    for (const path of [
      '/subscription/plans',
      '/catalog/meters',
      '/catalog/addons',
      '/catalog/taxes',
      '/licenses/keys',
      '/tenants',
    ]) {
      for (const body of bodies) {
        const answer = await admin.post(`/api/v1${path}`, JSON.stringify(body), { 'idempotency-key': randomUUID() });
        expect({
          path,
          body,
          status: answer.status,
          typed: typeof (answer.body as { code?: string }).code,
        }).toMatchObject({
          status: expect.any(Number),
          typed: 'string',
        });
        expect(answer.status).toBeLessThan(500);
      }
    }
    for (const path of [
      '/deployments/x',
      '/tenants?limit=0',
      '/audit?cursor=abc',
      '/audit?from=yesterday',
      '/audit?from=2026-W01',
      '/tenants?surprise=1',
      '/subscription/plans/%00',
      '/regions/%2e%2e',
    ]) {
      const { status } = await admin.get(`/api/v1${path}`);
      expect({ path, refused: status >= 400 && status < 500 }).toEqual({ path, refused: true });
    }
  });
});

describe('regions', () => {
  it('refuses a region that is not configured, and a home of another region', async () => {
    expect(await admin.put('/api/v1/regions/mars-1', regionBody(randomUUID()))).toMatchObject({
      status: 422,
      body: { code: 'REGION.NOT_CONFIGURED' },
    });
    expect(await admin.put('/api/v1/regions/us-1', regionBody(homeId))).toMatchObject({
      status: 422,
      body: { code: 'REGION.HOME_ELSEWHERE' },
    });
    expect(await admin.put('/api/v1/regions/eu-1', { ...regionBody(homeId), residency: 'de' })).toMatchObject({
      status: 200,
      body: { residency: 'de', pools: [{ homeId }] },
    });
    await admin.put('/api/v1/regions/eu-1', regionBody(homeId));
    expect(await reader.get('/api/v1/regions/us-1')).toMatchObject({ status: 404 });
    await expect(postgres.query(`UPDATE home SET region_code = 'us-1'`)).rejects.toThrow(/never changes its region/);
  });

  it('is edited as it was seen, or not at all', async () => {
    const path = '/api/v1/regions/eu-1';
    const tag = (await admin.get(path)).headers.get('etag')!;
    const edit = (residency: string) =>
      admin.send('PUT', path, { ...regionBody(homeId), residency }, { 'if-match': tag });
    const answers = await Promise.all(['de', 'fr'].map(edit));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await edit('it')).toMatchObject({ status: 412, body: { code: 'REQUEST.CHANGED' } });
    await admin.put(path, regionBody(homeId));
    expect((await admin.get(path)).headers.get('etag')).toBe(tag);
  });

  it('a home that two regions claim at once becomes the pool of one, and the other hears of it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const body = regionBody(randomUUID());
      const answers = await Promise.all(['eu-1', 'us-1'].map((code) => admin.put(`/api/v1/regions/${code}`, body)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
      const won = answers.find(({ status }) => status === 200)!.body as { pools: unknown };
      expect(won.pools).toEqual(body.pools);
    }
    expect(
      await admin.put('/api/v1/regions/eu-1', {
        ...regionBody(homeId),
        pools: [{ homeId, url: 'https://user:secret@eu-1.example' }],
      }),
    ).toMatchObject({ status: 400 });
    await admin.expect(200, 'PUT', '/api/v1/regions/eu-1', regionBody(homeId));
  });
});

describe('access', () => {
  it('F2: a tenant reads its own objects and gets 404 for those of another, on every route', async () => {
    const created: Record<string, { tenant: { id: string }; deployment: { id: string }; operation: { id: string } }> =
      {};
    for (const slug of ['a', 'b'] as const) {
      const answer = await admin.post('/api/v1/tenants', tenantBody(`tenant-${slug}`, 'eu-1'), {
        'idempotency-key': randomUUID(),
      });
      created[slug] = answer.body as (typeof created)[string];
      tenantScope[slug] = created[slug].tenant.id;
    }
    const own = await runCore({
      databaseUrl: postgres.url,
      regions: ['eu-1', 'us-1'],
      clients: { a: [`tenant:${tenantScope.a}`] },
    });
    try {
      const client = new ServiceClient(own.url, { clientId: 'a', clientSecret: 'a' });
      const paths = ({ tenant, deployment, operation }: (typeof created)[string]) => [
        `/tenants/${tenant.id}`, `/deployments/${deployment.id}`, `/operations/${operation.id}`,
        `/licenses/${deployment.id}`, `/licenses/${deployment.id}/history`,
      ]; // prettier-ignore
      for (const path of paths(created['b']!))
        expect({ path, status: (await client.get(`/api/v1${path}`)).status }).toEqual({ path, status: 404 });
      // Its own are there; the tax id of this service's other field key cannot be read here, so the tenant has none.
      for (const path of paths(created['a']!))
        expect({ path, status: (await client.get(`/api/v1${path}`)).status }).toEqual({ path, status: 200 });
      const listed = (await client.get('/api/v1/tenants')).body as { data: { id: string }[] };
      expect(listed.data.map(({ id }) => id)).toEqual([tenantScope.a]);
      const foreign = (await client.get(`/api/v1/deployments?tenantId=${tenantScope.b}`)).body as { data: unknown[] };
      expect(foreign.data).toEqual([]);
      for (const path of ['/audit', '/catalog/meters', '/regions'])
        expect((await client.get(`/api/v1${path}`)).status).toBe(403);
    } finally {
      await own.close();
    }
  });

  it('reading scopes change nothing, and no token opens nothing', async () => {
    expect((await reader.post('/api/v1/catalog/meters', meters[0])).status).toBe(403);
    expect((await new ServiceClient(core.url, null).get('/api/v1/tenants')).status).toBe(401);
    expect((await fetch(`${core.url}/api/v1/nowhere`)).headers.get('content-type')).toContain(
      'application/problem+json',
    );
  });
});

describe('audit', () => {
  it('is append-only by SQL too, for the owner of the table as well', async () => {
    await expect(postgres.query(`UPDATE audit_entry SET actor = 'nobody'`)).rejects.toThrow(/insert-only/);
    await expect(postgres.query(`DELETE FROM audit_entry`)).rejects.toThrow(/insert-only/);
    await expect(postgres.query(`TRUNCATE audit_entry`)).rejects.toThrow(/insert-only/);
  });

  it('names who did what in which request, page by page', async () => {
    const first = (await admin.get('/api/v1/audit?limit=2')).body as {
      data: { id: string; actor: string; requestId: string }[];
      page: { nextCursor: string; hasMore: boolean };
    };
    expect(first.data).toHaveLength(2);
    expect(first.data[0]).toMatchObject({ actor: 'admin', requestId: expect.any(String) });
    const next = (await admin.get(`/api/v1/audit?limit=2&cursor=${first.page.nextCursor}`)).body as typeof first;
    expect(BigInt(next.data[0]!.id)).toBeLessThan(BigInt(first.data[1]!.id));
    expect(JSON.stringify((await admin.get('/api/v1/audit?limit=200')).body)).not.toContain(core.key.privateJwk['d']);
  });
});

describe('paths that the sources name', () => {
  it.each(sourcePathsOf('core-api'))('$source $method $path leads to $ours', async ({ method, path, ours }) => {
    const response = await fetch(`${core.url}${path}?limit=1`, { method, redirect: 'manual' });
    if (path !== ours) {
      expect([response.status, response.headers.get('location')]).toEqual([308, `${ours}?limit=1`]);
    }
    const there = await fetch(`${core.url}${ours}`, { method, redirect: 'manual' });
    expect(there.status).toBe(401);
  });
});
