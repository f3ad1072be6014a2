import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startReceiver, type WebhookReceiver } from '../../../testing/webhook-receiver.js';
import { WebhookSender } from './webhook-sender.js';

let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const sender = (options: { timeoutMs?: number } = {}) => new WebhookSender({ testHosts: ['127.0.0.1'], ...options });
/** A byte now and then, until the connection is gone. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('.'), 20);
  response.on('close', () => clearInterval(timer));
}

const portOf = ({ url }: WebhookReceiver) => new URL(url).port;

describe('WebhookSender', () => {
  it('sends the bytes and headers that it is given', async () => {
    const payload = '{"data":"ü – 🛩"}';
    const attempt = await sender().send(`${receiver.url}/a?b=c`, { 'webhook-id': 'x' }, payload);
    expect(attempt).toMatchObject({ delivered: true, status: 204, error: null, response: '' });
    expect(receiver.received).toMatchObject([
      { path: '/a?b=c', body: payload, headers: { 'webhook-id': 'x', 'content-type': 'application/json' } },
    ]);
  });

  it('F11: connects to the address that was checked, once resolved, whatever the name says next', async () => {
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    const resolve = async () => answers.shift() ?? [];
    const pinned = new WebhookSender({ testHosts: ['receiver.example'], resolve });
    const attempt = await pinned.send(`http://receiver.example:${portOf(receiver)}/`, {}, '{}');
    expect(attempt).toMatchObject({ delivered: true });
    expect(receiver.received[0]?.headers.host).toBe(`receiver.example:${portOf(receiver)}`);
    expect(answers).toEqual([['127.0.0.2']]);
  });

  it('F11: a name that points inside now is not called, although it was called before', async () => {
    const production = new WebhookSender({ testHosts: [], resolve: async () => ['127.0.0.1'] });
    const attempt = await production.send(`https://hooks.example.com:${portOf(receiver)}/`, {}, '{}');
    expect(attempt).toMatchObject({ delivered: false, error: 'ADDRESS_REFUSED', status: null });
    expect(receiver.received).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])('F11: does not follow a redirect (%i)', async (status) => {
    receiver.answer((response) => response.writeHead(status, { location: `${receiver.url}/inside` }).end());
    const attempt = await sender().send(`${receiver.url}/`, {}, '{}');
    expect(attempt).toMatchObject({ delivered: false, status, error: 'REDIRECT_REFUSED' });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/']);
  });

  it.each([
    ['never answers', () => undefined],
    ['answers byte by byte', (response: ServerResponse) => drip(response)],
  ] as const)('gives up a receiver that %s after its time', async (_, how) => {
    receiver.answer(how);
    const attempt = await sender({ timeoutMs: 300 }).send(`${receiver.url}/`, {}, '{}');
    expect(attempt).toMatchObject({ delivered: false, status: null, error: 'TIMEOUT' });
    expect(attempt.durationMs).toBeLessThan(20_000);
  });

  it('keeps a kilobyte of an answer and reads no endless one', async () => {
    receiver.answer((response) => {
      response.writeHead(500);
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', write);
      response.on('error', () => undefined);
      write();
    });
    const attempt = await sender({ timeoutMs: 5_000 }).send(`${receiver.url}/`, {}, '{}');
    expect(attempt).toMatchObject({ delivered: false, status: 500, error: 'STATUS', response: 'x'.repeat(1_024) });
  });

  it('counts a connection that is refused or cut as an attempt that failed', async () => {
    receiver.answer((response) => response.destroy());
    expect(await sender().send(`${receiver.url}/`, {}, '{}')).toMatchObject({ error: 'CONNECTION' });
    expect(await sender().send('http://127.0.0.1:1/', {}, '{}')).toMatchObject({ error: 'CONNECTION' });
  });
});
