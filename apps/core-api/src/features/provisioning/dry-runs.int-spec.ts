import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApiDocument, type RunningService } from '@biplane/service-kit';
import { AnswerSchemas, ServiceClient, testPostgres, waitFor } from '@biplane/testing';
import { DOCS } from '../../app.module.js';
import { clusterSettingsOf } from '../../testing/cluster/home-fixture.js';
import { InMemoryCluster } from '../../testing/cluster/in-memory-cluster.js';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';
import { runReconciler } from '../../testing/reconciler-rig.js';
import { rowsByTable } from '../../testing/row-counts.js';
import { runCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { differences, LABELS, type KubernetesObject } from '../cluster/index.js';

interface Shown {
  readonly id: string;
  readonly tenantId: string;
  readonly homeId: string;
  readonly type: string;
  readonly url: string;
}
interface Planned {
  readonly deployment: Shown;
  readonly license: { readonly version: number; readonly modules: object; readonly status: string } | null;
  readonly objects: readonly { kind: string; name: string; namespace: string | null; manifest: KubernetesObject }[];
  readonly noObjectsBecause: string | null;
}

const PLATFORM = 'dry-runs';
const settings = clusterSettingsOf();
let suite: CoreSuite;
let schemas: AnswerSchemas;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { reader: ['platform:read'] },
    clusters: { platform: PLATFORM, settings },
  });
  schemas = new AnswerSchemas(openApiDocument(suite.core.app, DOCS));
  await publishLike(suite.admin, { code: 'isolated', rank: 50, dedicatedCompute: true });
  await publishLike(suite.admin, { code: 'in_euro', rank: 20, currency: 'EUR' });
});
afterAll(() => suite?.close());

const newSlug = () => `t-${randomUUID().slice(0, 8)}`;
const dedicatedTenant = (slug: string) => ({ ...tenantBody(slug, 'eu-1'), plan: { code: 'isolated' } });
const post = (path: string, body: object, key: string | null = randomUUID()) =>
  suite.admin.post(`/api/v1/${path}`, body, key === null ? {} : { 'idempotency-key': key });
async function planned(path: 'tenants' | 'deployments', body: object): Promise<Planned> {
  const answer = await post(`${path}?dryRun=true`, body);
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.headers.get('location')).toBeNull();
  expect(schemas.mistakes('POST', `/api/v1/${path}`, answer)).toEqual([]);
  return answer.body as Planned;
}

/** A reconciler over the same database, whose cluster stands in memory. */
async function reconciled(): Promise<{ cluster: InMemoryCluster; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'dry-runs-'));
  copyFileSync(suite.core.clockFile, join(folder, 'clock.json'));
  const fieldKeys = { current: 1, keys: { 1: suite.core.fieldKey } };
  for (const [name, content] of Object.entries({ 'field-keys': fieldKeys, 'cluster-settings': settings }))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
  const cluster = new InMemoryCluster({ rollsOut: true });
  const input = { databaseUrl: suite.postgres.url, folder, platform: PLATFORM };
  const service: RunningService = await runReconciler(input, cluster);
  return {
    cluster,
    async close() {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The plan as if its ids had been those of what was made. */
function asMade(plan: Planned, made: Shown): KubernetesObject[] {
  const ids = ['homeId', 'id', 'tenantId'] as const;
  const replaced = ids.reduce((text, id) => {
    const [planned, real] = [plan.deployment[id], made[id]];
    const hex = (uuid: string) => uuid.replaceAll('-', '');
    return text.replaceAll(planned, real).replaceAll(hex(planned), hex(real));
  }, JSON.stringify(plan.objects));
  return (JSON.parse(replaced) as Planned['objects']).map(({ manifest }) => manifest);
}

describe('a dry run of a creation', () => {
  it('shows what the creation then brings about: the same objects, but for ids, token and checksum', async () => {
    const { tenantId } = await suite.tenant();
    const bodies = [
      ['tenants', dedicatedTenant(newSlug())],
      ['deployments', { tenantId, slug: 'own', displayName: 'Own', region: 'eu-1', plan: { code: 'isolated' } }],
    ] as const;
    const { cluster, close } = await reconciled();
    try {
      for (const [path, body] of bodies) {
        const plan = await planned(path, body);
        const made = ((await post(path, body)).body as { deployment: Shown }).deployment;
        expect([made.type, made.url]).toEqual([plan.deployment.type, plan.deployment.url]);
        const ofHome = () => cluster.objects().filter(({ metadata }) => metadata.labels?.[LABELS.home] === made.homeId);
        const found = await waitFor('its objects', () => {
          const objects = ofHome();
          return Promise.resolve(objects.length >= plan.objects.length && objects);
        });
        const wanted = asMade(plan, made);
        const nameOf = ({ kind, metadata: { name, namespace } }: KubernetesObject) =>
          `${kind} ${namespace ?? ''}/${name}`;
        expect(found.map(nameOf).sort()).toEqual(wanted.map(nameOf).sort());
        const differing = wanted.flatMap((object) => {
          const { fields } = differences(
            object,
            found.find((each) => nameOf(each) === nameOf(object))!,
          );
          return fields.map((field) => `${object.kind} ${field}`);
        });
        expect(differing).toEqual([
          'Secret data.token',
          'Deployment spec.template.metadata.annotations.biplane.dev/config-checksum',
        ]);
        const license = await suite.license(made.id);
        expect(plan.license).toMatchObject({ version: 1, status: license.status, modules: license.modules });
      }
    } finally {
      await close();
    }
  });

  it('says image, amounts and quota, and nothing that only its home may know', async () => {
    const plan = await planned('tenants', dedicatedTenant(newSlug()));
    const text = JSON.stringify(plan);
    expect(text).toContain(`registry.example/biplane/tenant-api@sha256:${'ab'.repeat(32)}`);
    expect(plan.objects.find(({ kind }) => kind === 'ResourceQuota')?.manifest).toMatchObject({
      spec: { hard: { pods: '7', 'requests.memory': '1344Mi' } },
    });
    expect(plan.objects.find(({ kind }) => kind === 'Secret')?.manifest).toMatchObject({
      data: { token: '(redacted)' },
    });
    expect(text).not.toMatch(/tokenHash|inviteToken/i);
    for (const told of ['bootstrap', 'enrollment']) expect(plan.license).not.toHaveProperty(told);
    expect(plan.objects[0]).toMatchObject({
      kind: 'Namespace',
      name: `t-${plan.deployment.homeId.replaceAll('-', '')}`,
      namespace: null,
    });
  });

  it('writes nothing into any table, and its key is still free', async () => {
    const { tenantId } = await suite.tenant();
    const [key, slug] = [randomUUID(), newSlug()];
    const before = await rowsByTable(suite.postgres);
    for (const [path, body] of [
      ['tenants', dedicatedTenant(slug)],
      ['tenants', tenantBody(slug, 'eu-1')],
      ['deployments', { tenantId, slug: 'dry', displayName: 'Dry', region: 'eu-1', plan: { code: 'isolated' } }],
      ['deployments', { tenantId, slug: 'dry', displayName: 'Dry', region: 'eu-1' }],
    ] as const) {
      expect(await post(`${path}?dryRun=true`, body, key)).toMatchObject({ status: 200 });
    }
    expect(await rowsByTable(suite.postgres)).toEqual(before);
    expect(await post('tenants', dedicatedTenant(slug), key)).toMatchObject({ status: 202 });
  });

  it('says why there are no objects: in the pool, before its plan, and where the settings are not known', async () => {
    const { tenantId } = await suite.tenant();
    const body = { tenantId, slug: 'later', displayName: 'Later', region: 'eu-1' };
    const requirements = { dedicated: true };
    expect(await planned('deployments', { ...body, plan: { code: 'studio' } })).toMatchObject({
      deployment: { type: 'shared' }, license: { version: 1 }, objects: [], noObjectsBecause: 'SHARED',
    }); // prettier-ignore
    expect(await planned('deployments', { ...body, requirements })).toMatchObject({
      deployment: { type: 'container_per_tenant' }, license: null, objects: [], noObjectsBecause: 'NOT_SUBSCRIBED',
    }); // prettier-ignore
    const postgres = await testPostgres('core');
    const core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt: '2026-04-10T10:00:00.000Z' });
    try {
      const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
      await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
      const unknown = { ...tenantBody(newSlug(), 'eu-1'), requirements };
      const answer = await admin.post('/api/v1/tenants?dryRun=true', unknown, { 'idempotency-key': 'k' });
      expect(answer).toMatchObject({
        status: 200,
        body: { deployment: { type: 'container_per_tenant' }, objects: [], noObjectsBecause: 'CLUSTER_SETTINGS_UNKNOWN' },
      }); // prettier-ignore
    } finally {
      await core.close();
      await postgres.drop();
    }
  });

  type Refusal = [why: string, path: 'tenants' | 'deployments', change: object, status: number, code: string];
  const refusals: Refusal[] = [
    ['a slug that is taken', 'tenants', { slug: 'taken' }, 409, 'TENANT.SLUG_TAKEN'],
    ['an unknown region', 'tenants', { region: 'mars-1' }, 422, 'REGION.UNKNOWN'],
    ['a plan that is not sold', 'tenants', { plan: { code: 'nothing' } }, 422, 'CATALOG.PLAN_UNKNOWN'],
    ['an add-on that is not sold', 'tenants', { addons: [{ code: 'nothing', quantity: '1' }] }, 422, 'CATALOG.ADDON_UNKNOWN'],
    ['another residency', 'tenants', { requirements: { residency: 'us' } }, 422, 'TENANT.RESIDENCY_MISMATCH'],
    ['another currency', 'tenants', { plan: { code: 'in_euro' } }, 422, 'SUBSCRIPTION.CURRENCY_MISMATCH'],
    ['an unknown member', 'tenants', { state: 'active' }, 400, 'REQUEST.INVALID'],
    ['an unknown tenant', 'deployments', { tenantId: randomUUID() }, 404, 'TENANT.NOT_FOUND'],
    ['a slug that is taken', 'deployments', { slug: 'taken' }, 409, 'DEPLOYMENT.SLUG_TAKEN'],
    ['an unknown region', 'deployments', { region: 'mars-1' }, 422, 'REGION.UNKNOWN'],
    ['another currency', 'deployments', { plan: { code: 'in_euro' } }, 422, 'SUBSCRIPTION.CURRENCY_MISMATCH'],
    ['settings that are deep', 'deployments', { settings: { a: { b: 1 } } }, 400, 'REQUEST.INVALID'],
  ]; // prettier-ignore
  it.each(refusals)('refuses %s of %s as the creation does', async (_why, path, change, status, code) => {
    const { tenantId } = await suite.tenant();
    const further = { tenantId, displayName: 'X', region: 'eu-1', plan: { code: 'isolated' } };
    const body = path === 'tenants' ? dedicatedTenant(newSlug()) : { ...further, slug: 'x' };
    if (code.endsWith('SLUG_TAKEN')) await post(path, { ...body, ...change });
    const [dry, real] = [
      await post(`${path}?dryRun=true`, { ...body, ...change }),
      await post(path, { ...body, ...change }),
    ];
    expect(dry).toMatchObject({ status, body: { code } });
    const said = (answer: { status: number; body: unknown }) => {
      const { detail, errors } = answer.body as { detail?: string; errors?: unknown };
      return [answer.status, detail, errors];
    };
    expect(said(dry)).toEqual(said(real));
  });

  it('refuses a suspended tenant, a request without its key, another word than true and false, and who may only read', async () => {
    const { tenantId } = await suite.tenant();
    const body = { tenantId, slug: 'x', displayName: 'X', region: 'eu-1', plan: { code: 'isolated' } };
    await suite.admin.expect(200, 'POST', `/api/v1/tenants/${tenantId}/suspend`, { reason: 'x' });
    const dry = 'deployments?dryRun=true';
    expect(await post(dry, body)).toMatchObject({ status: 422, body: { code: 'TENANT.SUSPENDED' } });
    expect(await post(dry, body, null)).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY.KEY_MISSING' } });
    expect(await post('deployments?dryRun=yes', body)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST.INVALID' },
    });
    const reader = new ServiceClient(suite.core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect((await reader.post(`/api/v1/${dry}`, body, { 'idempotency-key': 'k' })).status).toBe(403);
  });
});
