import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { executeSql, UnitOfWork } from '@biplane/service-kit';
import { ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { signatureOf, verifyWebhook } from '../../testing/standard-webhooks.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { startReceiver, type ReceivedWebhook, type WebhookReceiver } from '../../testing/webhook-receiver.js';

interface Created {
  readonly tenant: { readonly id: string };
  readonly deployment: { readonly id: string };
}
interface Endpoint {
  readonly id: string;
  readonly secret: string;
  readonly state: string;
}
interface Delivery {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
}

const ENDPOINTS = '/api/v1/webhooks/endpoints';
const DELIVERIES = '/api/v1/webhooks/deliveries';
const owner = randomUUID();
const receivers: WebhookReceiver[] = [];
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let acme: Created;
let other: Created;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], webhookTestHosts: ['127.0.0.1'] });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
  acme = await tenant('acme');
  other = await tenant('other');
});
afterAll(async () => {
  await core?.close();
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await postgres?.drop();
});

async function tenant(slug: string): Promise<Created> {
  const headers = { 'idempotency-key': `create-${slug}` };
  return (await admin.expect(202, 'POST', '/api/v1/tenants', tenantBody(slug, 'eu-1'), headers)) as Created;
}

async function receiver(): Promise<WebhookReceiver> {
  const started = await startReceiver();
  receivers.push(started);
  return started;
}

const listen = async (url: string, more: object = {}) =>
  (await admin.expect(201, 'POST', ENDPOINTS, { url, eventTypes: ['deployment.transitioned'], ...more })) as Endpoint;

/** Changes the state of a deployment, which is an event. */
async function transition({ deployment }: Created): Promise<void> {
  const path = `/api/v1/deployments/${deployment.id}`;
  const { state } = (await admin.expect(200, 'GET', path)) as { state: string };
  const to = state === 'paused' ? 'active' : 'paused';
  await admin.expect(200, 'POST', `${path}/transition`, { to, reason: 'asked for' });
}

const got = (from: WebhookReceiver, count: number): Promise<ReceivedWebhook[]> =>
  waitFor(`${count} webhooks`, () => from.received.length >= count && from.received);

const verified = (secret: string, webhook: ReceivedWebhook) =>
  verifyWebhook(secret, webhook) as { id: string; type: string; data: { tenantId: string } };

async function deliveriesOf({ id }: Endpoint): Promise<Delivery[]> {
  return ((await admin.expect(200, 'GET', `${DELIVERIES}?endpointId=${id}`)) as { data: Delivery[] }).data;
}

const delivery = (endpoint: Endpoint, is: (found: Delivery) => boolean): Promise<Delivery> =>
  waitFor('the delivery', async () => (await deliveriesOf(endpoint)).find(is));

async function moveClock(ms: number): Promise<void> {
  const { now } = (await admin.expect(200, 'GET', '/version')) as { now: string };
  const target = new Date(Date.parse(now) + ms).toISOString();
  core.setClock(target);
  await waitFor('the clock', async () => {
    const version = (await admin.expect(200, 'GET', '/version')) as { now: string };
    return version.now >= target;
  });
}

describe('webhooks', () => {
  it('an endpoint that is being deleted holds up no change and lets none fail', async () => {
    const { url } = await receiver();
    const [leaving, staying] = [await listen(url), await listen(url)];
    await core.app.get(UnitOfWork, { strict: false }).run(async (tx) => {
      await executeSql(tx, 'DELETE FROM webhook_endpoint WHERE id = $1::uuid', [leaving.id]);
      await transition(acme);
    });
    await delivery(staying, ({ state }) => state === 'delivered');
    await transition(acme);
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${staying.id}`);
  });

  it('are Standard Webhooks: the published library verifies them', async () => {
    const there = await receiver();
    const endpoint = await listen(there.url);
    await transition(acme);
    const [webhook] = await got(there, 1);
    const body = verified(endpoint.secret, webhook!);
    expect(body).toMatchObject({
      id: webhook?.headers['webhook-id'],
      type: 'deployment.transitioned',
      data: { tenantId: acme.tenant.id, deploymentId: acme.deployment.id, to: 'paused', reason: 'asked for' },
    });
    expect(() => verified(endpoint.secret, { ...webhook!, body: webhook!.body.replace('asked', 'forged') })).toThrow();
    await delivery(endpoint, ({ state, attempts }) => state === 'delivered' && attempts === 1);
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
  });

  it("a tenant's endpoint gets its own events and no others, the platform's all, each of the types asked for", async () => {
    const [own, all, invoices] = [await receiver(), await receiver(), await receiver()];
    const endpoints = [
      await listen(own.url, { tenantId: acme.tenant.id }),
      await listen(all.url, { eventTypes: [] }),
      await listen(invoices.url, { eventTypes: ['invoice.issued'] }),
    ];
    await transition(other);
    await transition(acme);
    await waitFor('both at the platform', () => all.received.length >= 2);
    await got(own, 1);
    expect(own.received.map((each) => verified(endpoints[0]!.secret, each).data.tenantId)).toEqual([acme.tenant.id]);
    expect(invoices.received).toEqual([]);
    for (const { id } of endpoints) await admin.expect(204, 'DELETE', `${ENDPOINTS}/${id}`);
  });

  it('a receiver that fails gets the same bytes under the same id later, and the log says how each ended', async () => {
    const there = await receiver();
    there.answer((response) => response.writeHead(503).end('not now'.repeat(1_000)));
    const endpoint = await listen(there.url);
    await transition(acme);
    const failed = await delivery(endpoint, ({ lastError }) => lastError === 'STATUS');
    expect(failed).toMatchObject({ state: 'waiting', attempts: 1, lastStatus: 503 });
    const page = await admin.expect(200, 'GET', `${DELIVERIES}/${failed.id}`);
    expect((page as { lastResponse: string }).lastResponse).toHaveLength(1_024);
    there.answer((response) => response.writeHead(200).end());
    await moveClock(60_000);
    const [first, second] = await got(there, 2);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
    await delivery(endpoint, ({ state, attempts }) => state === 'delivered' && attempts === 2);
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
  });

  it('a replay sends the stored bytes unchanged, under the same id', async () => {
    const there = await receiver();
    const endpoint = await listen(there.url);
    await transition(acme);
    const { id } = await delivery(endpoint, ({ state }) => state === 'delivered');
    await admin.expect(202, 'POST', `${DELIVERIES}/${id}/replay`);
    const [first, second] = await got(there, 2);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    await expect(postgres.query(`UPDATE webhook_delivery SET payload = '{}' WHERE id = '${id}'`)).rejects.toThrow();
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
    await admin.expect(404, 'POST', `${DELIVERIES}/${id}/replay`);
  });

  it('a rotated secret and the one before it both verify for a day, then the new one alone', async () => {
    const there = await receiver();
    const endpoint = await listen(there.url);
    const rotated = (await admin.expect(200, 'POST', `${ENDPOINTS}/${endpoint.id}/rotate-secret`)) as Endpoint;
    expect(rotated.secret).not.toBe(endpoint.secret);
    await transition(acme);
    const [both] = await got(there, 1);
    expect(both?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    // The clock of this service is not the wall clock by now: the library judges the signature, not the time.
    for (const { secret } of [endpoint, rotated]) {
      expect(both?.headers['webhook-signature']).toContain(signatureOf(secret, both!));
    }
    await moveClock(24 * 3_600_000 + 1_000);
    await transition(acme);
    const [, alone] = await got(there, 2);
    expect(alone?.headers['webhook-signature']).toBe(signatureOf(rotated.secret, alone!));
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
  });

  it('a slow receiver holds up no other one', async () => {
    const [slow, quick] = [await receiver(), await receiver()];
    slow.answer(() => undefined);
    const endpoints = [await listen(slow.url), await listen(quick.url)];
    for (let count = 0; count < 8; count += 1) await transition(acme);
    await got(quick, 8);
    expect(slow.received.length).toBeLessThanOrEqual(4);
    for (const { id } of endpoints) await admin.expect(204, 'DELETE', `${ENDPOINTS}/${id}`);
  });

  it('a secret is shown once, rests encrypted, and stands in no other answer', async () => {
    const there = await receiver();
    const endpoint = await listen(there.url);
    const [row] = await postgres.query<Record<string, unknown>>('SELECT * FROM webhook_endpoint WHERE id = $1', [
      endpoint.id,
    ]);
    const answers = [
      row,
      (await admin.get(`${ENDPOINTS}/${endpoint.id}`)).body,
      (await admin.get(ENDPOINTS)).body,
      (await admin.get('/api/v1/audit?limit=200')).body,
    ];
    expect(endpoint.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(JSON.stringify(answers)).not.toContain(endpoint.secret.slice('whsec_'.length));
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
  });

  it('a test goes to one endpoint alone; a disabled endpoint gets nothing and is not tested', async () => {
    const there = await receiver();
    const endpoint = await listen(there.url);
    await admin.expect(202, 'POST', `${ENDPOINTS}/${endpoint.id}/test`);
    const [webhook] = await got(there, 1);
    expect(JSON.parse(webhook?.body ?? '')).toMatchObject({ type: 'webhook.test', data: { endpointId: endpoint.id } });
    await admin.expect(200, 'POST', `${ENDPOINTS}/${endpoint.id}/disable`);
    const refused = await admin.post(`${ENDPOINTS}/${endpoint.id}/test`);
    expect(refused).toMatchObject({ status: 422, body: { code: 'WEBHOOK.ENDPOINT_DISABLED' } });
    await transition(acme);
    expect(await deliveriesOf(endpoint)).toHaveLength(1);
    expect(await admin.expect(200, 'POST', `${ENDPOINTS}/${endpoint.id}/enable`)).toMatchObject({ state: 'enabled' });
    await admin.expect(204, 'DELETE', `${ENDPOINTS}/${endpoint.id}`);
  });

  it('F11: an address that is not of the open internet is refused when it is given', async () => {
    for (const url of [
      'https://169.254.169.254/',
      'https://2852039166/',
      'http://hooks.example.com/',
      'https://core-api/',
    ]) {
      const refused = await admin.post(ENDPOINTS, { url });
      expect(refused).toMatchObject({ status: 422, body: { code: 'WEBHOOK.URL_REFUSED' } });
    }
  });

  it('refuses what it does not know, and more endpoints than there may be', async () => {
    const url = 'https://hooks.example.com/';
    for (const body of [
      {},
      { url, secret: 'mine' },
      { url, eventTypes: ['invoice.lost'] },
      { url, tenantId: 'acme' },
    ]) {
      expect((await admin.post(ENDPOINTS, body)).status).toBe(400);
    }
    expect((await admin.post(ENDPOINTS, { url, tenantId: randomUUID() })).status).toBe(404);
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => admin.post(ENDPOINTS, { url, tenantId: other.tenant.id })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(4);
  });

  it('F2: a tenant sees its own endpoints and deliveries, and 404 for all others', async () => {
    const tokens = await runCore({
      databaseUrl: postgres.url,
      regions: ['eu-1'],
      fieldKey: core.fieldKey,
      webhookTestHosts: ['127.0.0.1'],
      clients: { [owner]: [`tenant:${acme.tenant.id}`] },
    });
    try {
      const own = new ServiceClient(tokens.url, { clientId: owner, clientSecret: owner });
      const there = await receiver();
      const mine = await listen(there.url, { tenantId: acme.tenant.id });
      const platforms = await listen(there.url);
      await transition(acme);
      const [visible, hidden] = [await delivery(mine, () => true), await delivery(platforms, () => true)];
      expect((await own.get(`${ENDPOINTS}/${mine.id}`)).status).toBe(200);
      expect((await own.get(`${DELIVERIES}/${visible.id}`)).status).toBe(200);
      expect((await own.get(`${ENDPOINTS}/${platforms.id}`)).status).toBe(404);
      expect((await own.get(`${DELIVERIES}/${hidden.id}`)).status).toBe(404);
      const listed = (await own.expect(200, 'GET', ENDPOINTS)) as { data: { id: string }[] };
      expect(listed.data.map(({ id }) => id)).toEqual([mine.id]);
      const log = (await own.expect(200, 'GET', DELIVERIES)) as { data: { tenantId: string }[] };
      expect(log.data.every(({ tenantId }) => tenantId === acme.tenant.id)).toBe(true);
      expect(await own.expect(200, 'GET', `${DELIVERIES}?tenantId=${other.tenant.id}`)).toMatchObject({ data: [] });
      expect((await own.post(ENDPOINTS, { url: 'https://hooks.example.com/' })).status).toBe(403);
      expect((await own.post(`${ENDPOINTS}/${mine.id}/rotate-secret`)).status).toBe(403);
      expect((await own.post(`${DELIVERIES}/${visible.id}/replay`)).status).toBe(403);
      for (const { id } of [mine, platforms]) await admin.expect(204, 'DELETE', `${ENDPOINTS}/${id}`);
    } finally {
      await tokens.close();
    }
  });

  it('gives a delivery up after three days, and disables an endpoint that failed for five or that answers 410', async () => {
    const [down, gone] = [await receiver(), await receiver()];
    down.answer((response) => response.writeHead(500).end());
    gone.answer((response) => response.writeHead(410).end());
    const endpoint = await listen(down.url);
    const left = await listen(gone.url);
    await transition(acme);
    await delivery(endpoint, ({ attempts }) => attempts === 1);
    await waitFor('410 disables', async () => {
      const { body } = await admin.get(`${ENDPOINTS}/${left.id}`);
      return (body as { disabledBecause: string | null }).disabledBecause === 'GONE';
    });
    await moveClock(3 * 24 * 3_600_000 + 1_000);
    await delivery(endpoint, ({ state, nextAttemptAt }) => state === 'failed' && nextAttemptAt === null);
    await moveClock(2 * 24 * 3_600_000 + 1_000);
    await transition(acme);
    const shown = await waitFor('five days disable', async () => {
      const { body } = await admin.get(`${ENDPOINTS}/${endpoint.id}`);
      return (body as Endpoint).state === 'disabled' && body;
    });
    expect(shown).toMatchObject({ disabledBecause: 'FAILING' });
    const audited = await admin.expect(
      200,
      'GET',
      `/api/v1/audit?action=webhook_endpoint.disabled&objectId=${endpoint.id}`,
    );
    expect(audited).toMatchObject({ data: [{ actor: 'job:webhook-deliveries', after: { because: 'FAILING' } }] });
  });
});
