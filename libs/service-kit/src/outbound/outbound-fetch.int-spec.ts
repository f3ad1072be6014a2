import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { outboundFetch, type OutboundOptions } from './outbound-fetch.js';

const seen: { url: string; host: string; body: string }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({
        url: request.url ?? '',
        host: request.headers.host ?? '',
        body: Buffer.concat(chunks).toString(),
      });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const options: OutboundOptions = {
  testHosts: ['provider.test'],
  timeoutMs: 5_000,
  responseBytesMax: 100,
  resolve: () => Promise.resolve(['127.0.0.1']),
};
const at = (path: string) => `http://provider.test:${port}${path}`;

describe('a call to an address that a stranger chose', () => {
  it('goes to the address that was checked, resolved once, under the name', async () => {
    answer = (_, response) => response.setHeader('content-type', 'application/json').end('{"a":1}');
    const asked: string[] = [];
    const fetch = outboundFetch({ ...options, resolve: (host) => Promise.resolve(asked.push(host) === 1 ? ['127.0.0.1'] : ['10.0.0.1']) });
    const response = await fetch(at('/x?y=1'), { method: 'POST', headers: { accept: 'a/b' }, body: new URLSearchParams({ c: 'd' }) });
    expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([200, 'application/json', { a: 1 }]);
    expect([asked, seen.at(-1)]).toEqual([['provider.test'], { url: '/x?y=1', host: `provider.test:${port}`, body: 'c=d' }]);
  }); // prettier-ignore

  it('is not made when one of the answers is private, or the name is not of the open internet', async () => {
    const before = seen.length;
    const fetch = outboundFetch({ ...options, resolve: () => Promise.resolve(['93.184.216.34', '127.0.0.1']) });
    for (const url of ['https://rebound.example/', `https://rebound.example:${port}/`, 'https://localhost/', 'http://rebound.example/']) {
      await expect(fetch(url, {})).rejects.toMatchObject({ code: expect.stringMatching(/REFUSED$/) as unknown });
    }
    expect(seen.length).toBe(before);
  }); // prettier-ignore

  it('follows no redirect', async () => {
    answer = (_, response) => response.writeHead(307, { location: at('/elsewhere') }).end();
    await expect(outboundFetch(options)(at('/'), {})).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(seen.map(({ url }) => url)).not.toContain('/elsewhere');
  });

  it('reads no more than it may', async () => {
    answer = (_, response) => response.end('x'.repeat(100));
    expect(await (await outboundFetch(options)(at('/'), {})).text()).toHaveLength(100);
    answer = (_, response) => response.end('x'.repeat(101));
    await expect(outboundFetch(options)(at('/'), {})).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
  });

  it.each<[string, Partial<OutboundOptions>, (response: ServerResponse) => void]>([
    ['a name that does not resolve', { resolve: () => new Promise(() => undefined) }, () => undefined],
    ['an answer that does not come', {}, () => undefined],
    ['an answer that does not end', {}, (response) => void response.write('x')],
  ])('gives up %s in time', async (_why, changes, say) => {
    answer = (_, response) => say(response);
    const fetch = outboundFetch({ ...options, ...changes, timeoutMs: 100 });
    await expect(fetch(at('/'), {})).rejects.toThrow();
  });
});
