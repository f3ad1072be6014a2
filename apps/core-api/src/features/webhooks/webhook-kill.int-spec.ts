import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClient, spawnSource, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore } from '../../testing/running-core.js';
import { startReceiver, type WebhookReceiver } from '../../testing/webhook-receiver.js';

let postgres: TestPostgres;
let receiver: WebhookReceiver;

beforeAll(async () => {
  [postgres, receiver] = await Promise.all([testPostgres('core'), startReceiver()]);
});
afterAll(async () => {
  await receiver?.close();
  await postgres?.drop();
});

const server = new URL('../../testing/core-server.main.ts', import.meta.url);

describe('core-api killed in the middle of a delivery', () => {
  it.each(['webhook.before_send', 'webhook.after_send'])(
    'killed at %s, the next process delivers the same bytes under the same id',
    async (point) => {
      const before = receiver.received.length;
      const options = { databaseUrl: postgres.url, regions: ['eu-1'], webhookTestHosts: ['127.0.0.1'] };
      const first = await runCore(options);
      const { fieldKey } = first;
      const admin = new ServiceClient(first.url, { clientId: 'admin', clientSecret: 'admin' });
      const path = '/api/v1/webhooks/endpoints';
      const { id } = (await admin.expect(201, 'POST', path, { url: receiver.url })) as { id: string };
      // Written and not yet taken: the process that is to be killed takes it.
      await first.close();
      await postgres.query(
        `INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, payload, state, attempts, due_at, give_up_at, created_at)
         VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'webhook.test', $2, 'waiting', 0, now(), now() + interval '3 days', now())`,
        [id, JSON.stringify({ point })],
      );

      const end = await spawnSource(server, { ...options, fieldKey }, { FAULT_POINTS: point }).ended;
      expect(end).toMatchObject({ signal: 'SIGKILL' });
      const sent = point === 'webhook.after_send' ? 1 : 0;
      expect(receiver.received).toHaveLength(before + sent);

      // Its lease ends half a minute later.
      const startAt = new Date(performance.timeOrigin + performance.now() + 40_000).toISOString();
      const next = await runCore({ ...options, fieldKey, startAt });
      try {
        await waitFor('the delivery', () => receiver.received.length > before + sent);
        const ids = new Set(receiver.received.slice(before).map(({ headers }) => headers['webhook-id']));
        const bodies = new Set(receiver.received.slice(before).map(({ body }) => body));
        expect([ids.size, [...bodies]]).toEqual([1, [JSON.stringify({ point })]]);
        await waitFor('the log', async () => {
          const [row] = await postgres.query<{ state: string; attempts: number }>(
            'SELECT state, attempts FROM webhook_delivery WHERE endpoint_id = $1',
            [id],
          );
          return row?.state === 'delivered' && row.attempts === 2;
        });
      } finally {
        await next.close();
      }
    },
  );

  it('two processes at once deliver each event once', async () => {
    const before = receiver.received.length;
    const options = { databaseUrl: postgres.url, regions: ['eu-1'], webhookTestHosts: ['127.0.0.1'] };
    const first = await runCore(options);
    const second = await runCore({ ...options, fieldKey: first.fieldKey });
    try {
      const admin = new ServiceClient(first.url, { clientId: 'admin', clientSecret: 'admin' });
      await postgres.query(`UPDATE webhook_endpoint SET state = 'disabled'`);
      const path = '/api/v1/webhooks/endpoints';
      const { id } = (await admin.expect(201, 'POST', path, { url: receiver.url })) as { id: string };
      const events = 60;
      await postgres.query(
        `INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, payload, state, attempts, due_at, give_up_at, created_at)
         SELECT gen_random_uuid(), $1::uuid, gen_random_uuid(), 'webhook.test', '{}', 'waiting', 0, now(), now() + interval '3 days', now()
         FROM generate_series(1, $2::int)`,
        [id, events],
      );
      await waitFor(
        'all',
        async () => {
          const rows = await postgres.query(
            `SELECT 1 FROM webhook_delivery WHERE endpoint_id = $1 AND state <> 'delivered'`,
            [id],
          );
          return rows.length === 0;
        },
        { deadlineMs: 60_000 },
      );
      expect(receiver.received.slice(before).map(({ headers }) => headers['webhook-id'])).toHaveLength(events);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});
