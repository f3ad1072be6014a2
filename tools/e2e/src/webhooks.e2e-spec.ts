import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { issueInvoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, openMonth } from './support/month.js';
import { CORE, E2eStack } from './support/stack.js';
import { createReadyTenant, type CreatedTenant } from './support/tenants.js';
import { awaitBillable, dropletEvents, submit } from './support/usage.js';
import { startReceiver, verifiedBody, type ReceivedWebhook, type WebhookReceiver } from './support/webhook-receiver.js';

const TEST_HOSTS = { WEBHOOK_TEST_HOSTS: '127.0.0.1' };
const SECONDS = { deadlineMs: 60_000, everyMs: 100 };
/** A delivery that its process died over is taken up by the next after half a minute of the Clock. */
const LEASE_MS = 40_000;

interface Endpoint {
  readonly id: string;
  readonly secret: string;
}
interface Delivery {
  readonly eventId: string;
  readonly eventType: string;
  readonly state: string;
  readonly attempts: number;
}

describe('webhooks of a running stack', () => {
  const stack = E2eStack.open();
  let receiver: WebhookReceiver;
  let tenant: CreatedTenant;
  let endpoint: Endpoint;

  beforeAll(async () => {
    await authorCatalog(stack);
    receiver = await startReceiver();
    await stack.control.restart(CORE, { env: TEST_HOSTS });
  });
  afterAll(async () => {
    await stack.control.kill(CORE);
    await stack.control.start(CORE);
    await receiver.close();
  });

  const idOf = ({ headers }: ReceivedWebhook) => String(headers['webhook-id']);
  const typeOf = ({ body }: ReceivedWebhook) => (JSON.parse(body) as { type: string }).type;
  const verified = (webhook: ReceivedWebhook) => verifiedBody(endpoint.secret, webhook);
  const deliveries = async () => {
    const { body } = await stack.core.get(`/api/v1/webhooks/deliveries?endpointId=${endpoint.id}&limit=200`);
    return (body as { data: Delivery[] }).data;
  };
  const received = (type: string) =>
    waitFor(`the webhook ${type}`, () => receiver.received.find((webhook) => typeOf(webhook) === type), SECONDS);

  it('a receiver gets what happens to its tenant, signed, and the invoice among it', async () => {
    const month = await openMonth(stack);
    tenant = await createReadyTenant(stack);
    const body = { url: receiver.url, tenantId: tenant.tenant.id };
    endpoint = (await stack.core.expect(201, 'POST', '/api/v1/webhooks/endpoints', body)) as Endpoint;
    await endMonth(stack, month);
    await submit(stack, dropletEvents(tenant.deployment.id, month, 36));
    await awaitBillable(stack, tenant, month);
    const invoice = await issueInvoice(stack, tenant.tenant.id, month);

    const issued = await received('invoice.issued');
    expect(verified(issued)).toMatchObject({
      type: 'invoice.issued',
      data: { tenantId: tenant.tenant.id, number: invoice.number },
    });
    for (const webhook of receiver.received) {
      expect(verified(webhook)).toMatchObject({ data: { tenantId: tenant.tenant.id } });
    }
  });

  it('every event came under one id, with one content, and the log holds no other', async () => {
    await waitFor('all to be delivered', async () => (await deliveries()).every(isDelivered), SECONDS);
    const ids = receiver.received.map(idOf);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids)).toEqual(new Set((await deliveries()).map(({ eventId }) => eventId)));
    const gone = await stack.core.send('DELETE', `/api/v1/webhooks/endpoints/${endpoint.id}`);
    expect(gone.status).toBeLessThan(300);
  });

  it.each(['webhook.before_send', 'webhook.after_send'])(
    'core-api killed at %s: the next one delivers the same bytes under the same id, and the log says so',
    async (point) => {
      // It hears of nothing but its own test, so that core-api dies of that alone.
      const quiet = { url: receiver.url, eventTypes: ['invoice.voided'] };
      endpoint = (await stack.core.expect(201, 'POST', '/api/v1/webhooks/endpoints', quiet)) as Endpoint;
      await stack.control.kill(CORE);
      await stack.control.start(CORE, { env: { ...TEST_HOSTS, FAULT_POINTS: point } });
      // It may die before it has answered.
      await stack.core.post(`/api/v1/webhooks/endpoints/${endpoint.id}/test`).catch(() => null);
      await waitFor('core-api to die', async () => !(await stack.services.isRunning(CORE)), SECONDS);
      await stack.clock.advance(LEASE_MS);
      await stack.control.start(CORE, { env: TEST_HOSTS });

      const [delivery] = await waitFor(
        'its delivery',
        async () => {
          const found = await deliveries();
          return found.length > 0 && found.every(isDelivered) ? found : null;
        },
        SECONDS,
      );
      expect(delivery).toMatchObject({ eventType: 'webhook.test', attempts: 2 });
      const copies = receiver.received.filter((webhook) => idOf(webhook) === delivery?.eventId);
      expect(copies).toHaveLength(point === 'webhook.after_send' ? 2 : 1);
      expect(new Set(copies.map((webhook) => webhook.body)).size).toBe(1);
      for (const copy of copies) verified(copy);
      await stack.core.send('DELETE', `/api/v1/webhooks/endpoints/${endpoint.id}`);
    },
  );

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

const isDelivered = ({ state }: Delivery): boolean => state === 'delivered';
