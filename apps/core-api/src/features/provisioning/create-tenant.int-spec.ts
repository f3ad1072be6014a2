import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { importPublicJwk, licenseProblems, verifyKeyStatement, verifyLicense } from '@biplane/licensing';
import { orThrow } from '@biplane/kernel';
import { checkInvariants, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

interface Created {
  tenant: { id: string; slug: string };
  deployment: { id: string; type: string; database: string; homeId: string; state: string; phase: string };
  operation: { id: string; state: string; steps: { name: string; state: string; reason: string | null }[] };
  inviteToken: string | null;
}

const startAt = '2026-03-31T10:00:00.000Z';
const homeId = randomUUID();
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;

const keyOf = (key: string) => ({ 'idempotency-key': key });
const create = async (slug: string, key: string = randomUUID()) =>
  admin.post('/api/v1/tenants', tenantBody(slug, 'eu-1'), keyOf(key));
/** A crowd may be asked to come again (503 with Retry-After): it does, under the same key, as any client would. */
const createPatiently = (slug: string, key: string) =>
  waitFor('an answer other than 503', async () => {
    const answer = await create(slug, key);
    return answer.status !== 503 && answer;
  });
const count = async (table: string) =>
  (await postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]!.n;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1', 'us-1'], startAt });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

describe('createTenant', () => {
  it('records tenant, deployment, subscription, license, invite, operation, audit and outbox, and answers 202', async () => {
    const answer = await create('acme');
    expect(answer).toMatchObject({ status: 202 });
    const body = answer.body as Created;
    expect(answer.headers.get('location')).toBe(`/api/v1/operations/${body.operation.id}`);
    expect(body.deployment).toMatchObject({ type: 'shared', homeId, state: 'active', phase: 'license_issued' });
    expect(body.deployment.database).toBe(`tenant_${body.deployment.id.replaceAll('-', '')}`);
    const shown = (await admin.expect(200, 'GET', `/api/v1/deployments/${body.deployment.id}`)) as {
      subscription: object;
      events: object[];
    };
    expect(shown.subscription).toMatchObject({
      plan: { code: 'studio', version: 1 },
      status: 'active',
      period: {
        from: '2026-02-28T14:00:00.000Z',
        to: '2026-03-31T14:00:00.000Z',
      },
      addons: [{ code: 'storage_50gb', price: { amount: '7.50', currency: 'USD' }, units: '1' }],
    });
    expect(shown.events).toMatchObject([{ from: null, to: 'active', actor: 'admin' }]);
    const audit = (await admin.expect(
      200,
      'GET',
      `/api/v1/audit?action=tenant.created&tenantId=${body.tenant.id}`,
    )) as { data: object[] };
    expect(audit.data).toHaveLength(1);
  });

  it('signs a license that a home accepts, with the add-on granted and no mail address in it', async () => {
    const { deployment } = (await create('licensed')).body as Created;
    const license = (await admin.expect(200, 'GET', `/api/v1/licenses/${deployment.id}`)) as {
      version: number;
      signed: string;
      document: { modules: Record<string, { limits: object[] }>; bootstrap: object };
    };
    const statement = orThrow(verifyKeyStatement(core.key.trusted, core.rootPublicKey));
    const jwks = (await admin.expect(200, 'GET', '/.well-known/jwks.json')) as {
      keys: { kid: string; x: string; y: string }[];
    };
    const { kty, crv, x, y } = jwks.keys.find((key) => key.kid === core.key.kid) as Record<string, string>;
    expect(importPublicJwk({ kty, crv, x, y }).ok).toBe(true);
    const verified = verifyLicense(license.signed, {
      trustedKeys: new Map([[statement.kid, statement]]),
      expectedDeploymentId: deployment.id,
      now: new Date(startAt),
    } as Parameters<typeof verifyLicense>[1]);
    expect(verified).toMatchObject({ ok: true });
    expect(licenseProblems(license.document, 'refuse')).toEqual([]);
    expect(license.document.modules['storage']?.limits).toMatchObject([
      { meter: 'storage_gb', cap: '50', window: null, strategy: 'hard_block' },
    ]);
    expect(JSON.stringify(license.document)).not.toContain('ops@acme');
    const rows = await postgres.query<{ value: string; compacted: boolean }>(
      `SELECT value, compacted FROM outbox WHERE topic = 'license.issued.eu-1' AND key = $1`,
      [deployment.id],
    );
    expect(rows).toEqual([
      { value: JSON.stringify({ deploymentId: deployment.id, license: license.signed }), compacted: true },
    ]);
  });

  it('encrypts the admin and stores no token', async () => {
    const { inviteToken } = (await create('secretive')).body as Created;
    expect(inviteToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const dump = JSON.stringify(await postgres.query('SELECT * FROM admin_invite, idempotency_key'));
    expect(dump).not.toContain(inviteToken);
    expect(dump).not.toContain('ops@acme');
  });

  it('answers the same key with the same tenant, and shows the invite token once', async () => {
    const first = (await create('twice', 'twice-key')).body as Created;
    const again = (await create('twice', 'twice-key')).body as Created;
    expect(again.tenant.id).toBe(first.tenant.id);
    expect([typeof first.inviteToken, again.inviteToken]).toEqual(['string', null]);
    expect(await create('thrice', 'twice-key')).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY.KEY_REUSED' },
    });
    expect(await admin.post('/api/v1/tenants', tenantBody('keyless', 'eu-1'))).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY.KEY_MISSING' },
    });
  });

  it('C3: a hundred requests at once under one key make one tenant', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => createPatiently('onekey', 'one-key')));
    expect(answers.filter(({ status }) => ![202, 409].includes(status))).toEqual([]);
    const ids = new Set(answers.filter(({ status }) => status === 202).map(({ body }) => (body as Created).tenant.id));
    expect(ids.size).toBe(1);
    expect(await postgres.query(`SELECT 1 FROM tenant WHERE slug = 'onekey'`)).toHaveLength(1);
  });

  it('a hundred requests at once under a hundred keys with one slug make one tenant and 99 conflicts', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => createPatiently('oneslug', `one-slug-${at}`)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(
      answers.filter(({ status, body }) => status === 409 && (body as { code: string }).code === 'TENANT.SLUG_TAKEN'),
    ).toHaveLength(99);
    expect(await postgres.query(`SELECT 1 FROM tenant WHERE slug = 'oneslug'`)).toHaveLength(1);
  });

  it('leaves nothing behind when anything in it fails', async () => {
    const tables = [
      'tenant',
      'tenant_billing',
      'deployment',
      'deployment_event',
      'placement',
      'subscription',
      'admin_invite',
      'license',
      'license_head',
      'operation',
      'audit_entry',
      'outbox',
      'idempotency_key',
    ];
    const before = await Promise.all(tables.map(count));
    // The last step but one fails: the operation cannot be inserted.
    await postgres.query(`ALTER TABLE operation ADD CONSTRAINT fault CHECK (deployment_id IS NULL) NOT VALID`);
    const answer = await create('faulty');
    await postgres.query(`ALTER TABLE operation DROP CONSTRAINT fault`);
    expect(answer.status).toBe(500);
    expect(answer.body).not.toHaveProperty('stack');
    expect(await Promise.all(tables.map(count))).toEqual(before);
    expect((await create('faulty')).status).toBe(202);
  });

  it('records a dedicated result, which waits at cluster_applied with the reason NO_CLUSTER', async () => {
    const body = tenantBody('bigcorp', 'eu-1');
    body.requirements.compliance = ['hipaa'];
    const answer = await admin.post('/api/v1/tenants', body, keyOf(randomUUID()));
    const { deployment, operation } = answer.body as Created;
    expect(deployment).toMatchObject({
      type: 'container_per_tenant',
      reasons: ['compliance hipaa needs isolation in eu-1'],
    });
    expect(deployment.homeId).not.toBe(homeId);
    expect(operation.steps.find((step) => step.state === 'running')).toMatchObject({
      name: 'cluster_applied',
      reason: 'NO_CLUSTER',
    });
  });

  it.each([
    ['a region that is not described', { region: 'us-1' }, 422, 'REGION.UNKNOWN'],
    ['a plan that is not there', { plan: { code: 'nope' } }, 422, 'CATALOG.PLAN_UNKNOWN'],
    ['an add-on that is not there', { addons: [{ code: 'nope', quantity: '1' }] }, 422, 'CATALOG.ADDON_UNKNOWN'],
    [
      'an add-on of no quantity',
      { addons: [{ code: 'storage_50gb', quantity: '0' }] },
      422,
      'SUBSCRIPTION.QUANTITY_INVALID',
    ],
    [
      'another currency',
      { billing: { ...tenantBody('x', 'eu-1').billing, currency: 'EUR' } },
      422,
      'SUBSCRIPTION.CURRENCY_MISMATCH',
    ],
    [
      'an unknown currency',
      { billing: { ...tenantBody('x', 'eu-1').billing, currency: 'XXZ' } },
      422,
      'TENANT.BILLING_INVALID',
    ],
    [
      'an unknown zone',
      { billing: { ...tenantBody('x', 'eu-1').billing, timeZone: 'Mars/Base' } },
      422,
      'TENANT.BILLING_INVALID',
    ],
    ['another residency', { requirements: { residency: 'us' } }, 422, 'TENANT.RESIDENCY_MISMATCH'],
    [
      'a storage that is no decimal',
      { requirements: { expectedStorageGb: '1e9' } },
      422,
      'TENANT.REQUIREMENTS_INVALID',
    ],
    ['an unknown member', { surprise: true }, 400, 'REQUEST.INVALID'],
    ['a slug with capitals', { slug: 'Acme' }, 400, 'REQUEST.INVALID'],
    ['an address that is none', { admin: { email: 'nobody', name: 'x' } }, 400, 'REQUEST.INVALID'],
    ['no billing', { billing: undefined }, 400, 'REQUEST.INVALID'],
    ['a name of control characters', { name: 'a\u0007b' }, 400, 'REQUEST.INVALID'],
  ])('refuses %s and writes nothing', async (_why, change, status, code) => {
    const before = await count('tenant');
    const answer = await admin.post(
      '/api/v1/tenants',
      { ...tenantBody('refused', 'eu-1'), ...change },
      keyOf(randomUUID()),
    );
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await count('tenant')).toBe(before);
  });
});
