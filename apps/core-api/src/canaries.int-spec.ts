import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceClient, spawnSource, testPostgres, waitFor, type Child, type TestPostgres } from '@biplane/testing';
import type { CoreOptions, RunningCore } from './testing/running-core.js';
import { prepareCatalog, tenantBody } from './testing/scenario.js';

const server = new URL('./testing/core-server.main.ts', import.meta.url);
const canaries = new Map<string, string>();
const seen: string[] = [];
let folder: string;
let postgres: TestPostgres;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'core-api-canaries-'));
  postgres = await testPostgres('core');
});
afterAll(async () => {
  await postgres?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** A secret that stands nowhere else. */
function canary(what: string): string {
  return known(what, `canary${randomBytes(12).toString('hex')}`);
}

function known(what: string, secret: string): string {
  canaries.set(`${canaries.size + 1}: ${what}`, secret);
  return secret;
}

interface Announced {
  readonly url: string;
  readonly key: RunningCore['key'];
}

/** A whole service in a process of its own, of which all that it logs is read at its end. */
async function start(options: CoreOptions): Promise<{ child: Child; at: Announced }> {
  const announce = join(folder, `${randomUUID()}.json`);
  const child = spawnSource(server, { ...options, logLevel: 'trace', announce });
  const at = await waitFor('the service', () => existsSync(announce) && (JSON.parse(read(announce)) as Announced));
  return { child, at };
}

const read = (file: string) => readFileSync(file, 'utf8') || 'null';

/** Every row of every table, as text: outbox, stored answers and audit among them. */
async function wholeDatabase(): Promise<string> {
  const tables = await postgres.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => postgres.query<{ row: string }>(`SELECT ${name}::text AS row FROM ${name}`)),
  );
  return texts.flatMap((rows) => rows.map(({ row }) => row)).join('\n');
}

/** Also as base64, as it travels in `Authorization: Basic`, and as bytes in a dump. */
function found(text: string): string[] {
  return [...canaries]
    .filter(([, secret]) =>
      [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        JSON.stringify(secret).slice(1, -1),
      ].some((form) => text.includes(form)),
    )
    .map(([what]) => what);
}

/** A request that is refused; what it is told must not repeat what it sent. */
async function refused(
  admin: ServiceClient,
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<void> {
  const answer = await admin.send(method, path, body, headers);
  expect({ path, refused: answer.status >= 400 && answer.status < 500 }).toEqual({ path, refused: true });
  seen.push(JSON.stringify(answer.body));
}

async function plantTenants(admin: ServiceClient): Promise<void> {
  for (let count = 0; count < 9; count += 1) {
    const body = tenantBody(`canary-${count}`, 'eu-1');
    body.admin = { email: `${canary('admin mail')}@acme.example`, name: canary('admin name') };
    body.billing.taxId = canary('tax id');
    const headers = { 'idempotency-key': `tenant-${count}` };
    const created = (await admin.expect(202, 'POST', '/api/v1/tenants', body, headers)) as { inviteToken: string };
    known('invite token', created.inviteToken);
    const again = await admin.send('POST', '/api/v1/tenants', body, headers);
    expect(again).toMatchObject({ status: 202, body: { inviteToken: null } });
    seen.push(JSON.stringify(again.body));
  }
}

async function plantWebhooks(admin: ServiceClient): Promise<void> {
  const path = '/api/v1/webhooks/endpoints';
  for (let count = 0; count < 4; count += 1) {
    const url = 'http://127.0.0.1:1/';
    const endpoint = (await admin.expect(201, 'POST', path, { url })) as { id: string; secret: string };
    known('webhook secret', endpoint.secret.slice('whsec_'.length));
    const rotated = (await admin.expect(200, 'POST', `${path}/${endpoint.id}/rotate-secret`)) as { secret: string };
    known('rotated webhook secret', rotated.secret.slice('whsec_'.length));
    const test = (await admin.expect(202, 'POST', `${path}/${endpoint.id}/test`)) as { id: string };
    await waitFor('an attempt', async () => {
      const { body } = await admin.get(`/api/v1/webhooks/deliveries/${test.id}`);
      return (body as { attempts: number }).attempts > 0;
    });
  }
}

/** Secrets in requests that fail: in wrong places, of wrong shape, in bodies that cannot be read. */
async function plantInRefusals(admin: ServiceClient, url: string): Promise<void> {
  const tenant = tenantBody('refused', 'eu-1');
  const key = () => ({ 'idempotency-key': randomUUID() });
  const post = '/api/v1/tenants';
  await refused(admin, 'POST', post, { ...tenant, admin: { email: canary('no mail address'), name: 'x' } }, key());
  await refused(admin, 'POST', post, { ...tenant, nickname: canary('value of an unknown key') }, key());
  await refused(admin, 'POST', post, `{"admin": {"email": "${canary('malformed JSON')}"`, key());
  await refused(admin, 'POST', post, { ...tenant, billing: { ...tenant.billing, taxId: [canary('list')] } }, key());
  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: canary('private key that is none') };
  await refused(admin, 'POST', '/api/v1/licenses/keys', { kid: 'k', privateJwk: jwk, trusted: canary('statement') });
  await refused(admin, 'POST', '/api/v1/licenses/keys', { privateJwk: { ...jwk, d: canary('key without a name') } });
  await refused(admin, 'GET', `/api/v1/nowhere?token=${canary('query of an unknown route')}`);
  await refused(admin, 'GET', `/api/v1/tenants?slug=a&secret=${canary('unknown filter')}`);
  await refused(admin, 'POST', '/api/v1/webhooks/endpoints', {
    url: `https://u:${canary('password in a URL')}@h.example/`,
  });
  const bearer = await fetch(`${url}/api/v1/tenants`, {
    headers: { authorization: `Bearer ${canary('forged token')}` },
  });
  const basic = Buffer.from(`admin:${canary('wrong client secret')}`).toString('base64');
  const client = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_secret: canary('client secret in a form') }),
  });
  expect([bearer.status, client.status >= 400]).toEqual([401, true]);
  seen.push(await bearer.text(), await client.text());
}

describe('secrets', () => {
  it('F13: none of fifty planted secrets stands in a log, an error, a metric, an event, a stored answer, an audit row or a table', async () => {
    const fieldKey = known('field key', randomBytes(32).toString('base64'));
    const kafka = { brokers: ['127.0.0.1:1'], clientId: 'core', username: 'core', password: canary('broker password') };
    const options = { databaseUrl: postgres.url, regions: ['eu-1'], fieldKey, kafka, webhookTestHosts: ['127.0.0.1'] };
    const { child, at } = await start(options);
    const admin = new ServiceClient(at.url, { clientId: 'admin', clientSecret: 'admin' });
    known('access token', await admin.accessToken());
    known('private key', String(at.key.privateJwk['d']));
    await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: at.key });
    await plantTenants(admin);
    await plantWebhooks(admin);
    await plantInRefusals(admin, at.url);
    const exported = await admin.get('/api/v1/audit/export?format=csv');
    const metrics = await fetch(`${at.url}/metrics`);
    seen.push(String(exported.body), await metrics.text(), await wholeDatabase());
    child.kill('SIGTERM');
    const { output } = await child.ended;

    expect(canaries.size).toBeGreaterThanOrEqual(50);
    expect(found([...seen, output].join('\n'))).toEqual([]);
    // What is no secret is there: the search reads what it should.
    expect(output).toContain('/api/v1/tenants');
    expect(seen.join('\n')).toContain('canary-8');
    expect(String(exported.body).split('\r\n').length).toBeGreaterThan(20);
  });

  it('F13: the password of a database that does not answer stands in no log and no error', async () => {
    const password = canary('database password');
    const databaseUrl = `postgresql://biplane_core:${password}@127.0.0.1:1/biplane_core`;
    const { child, at } = await start({ databaseUrl, regions: ['eu-1'] });
    const admin = new ServiceClient(at.url, { clientId: 'admin', clientSecret: 'admin' });
    const answer = await admin.get('/api/v1/tenants');
    const ready = await fetch(`${at.url}/health/ready`);
    child.kill('SIGKILL');
    const { output } = await child.ended;
    expect(answer.status).toBe(503);
    expect(found([JSON.stringify(answer.body), await ready.text(), output].join('\n'))).toEqual([]);
  });
});
