import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { decide, type Decision } from '@biplane/licensing';
import { HomeCounter } from '../index.js';

const question = { deploymentId: 'd', action: 'financials:automated_billing', meter: 'api_calls', quantity: '1' };
const denial = decide({ license: null, deploymentId: 'd', action: question.action, now: new Date(0) });
const servers: Server[] = [];

interface Home {
  tokens: number;
  asked: unknown[];
  paths: string[];
  answer: { status: number; body: unknown };
  tokenStatus: number;
  refuseFirst: boolean;
  counter: HomeCounter;
}

async function newHome(): Promise<Home> {
  const state = { tokens: 0, asked: [] as unknown[], paths: [] as string[], tokenStatus: 200, refuseFirst: false };
  const home = { ...state, answer: { status: 200, body: { ...denial, decisionId: 'x' } as unknown } } as Home;
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const send = (status: number, body: unknown) => void response.writeHead(status).end(JSON.stringify(body));
      if (request.url === '/oauth/token') {
        home.tokens += 1;
        const basic = Buffer.from(String(request.headers.authorization).slice(6), 'base64').toString();
        if (basic !== 'connectors:s%20cret') return send(401, {});
        return send(home.tokenStatus, { access_token: `t${home.tokens}`, token_type: 'Bearer', expires_in: 600 });
      }
      if (home.refuseFirst && request.headers.authorization === 'Bearer t1') return send(401, {});
      home.paths.push(String(request.url));
      if (text !== '') home.asked.push(JSON.parse(text));
      send(home.answer.status, home.answer.body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  home.counter = new HomeCounter({ url, clientId: 'connectors', clientSecret: 's cret' });
  return home;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const ask = (home: Home): Promise<Decision> => home.counter.ask(question, AbortSignal.timeout(5_000));

afterEach(() => servers.splice(0).forEach((server) => (server.closeAllConnections(), server.close())));

describe('HomeCounter', () => {
  it('asks the home as a client, with one token for many questions', async () => {
    const home = await newHome();
    const decisions = await Promise.all([ask(home), ask(home), ask(home)]);
    expect(decisions[0]).toMatchObject({ outcome: 'deny', code: 'LICENSE.UNAVAILABLE' });
    expect([home.tokens, home.asked]).toEqual([1, [question, question, question]]);
  });

  it('fetches a new token when the home does not know the old one any more', async () => {
    const home = await newHome();
    home.refuseFirst = true;
    expect((await ask(home)).isAllowed).toBe(false);
    expect(home.tokens).toBe(2);
  });

  it.each([
    ['an error', 503, { code: 'SERVICE.UNAVAILABLE' }],
    ['a refusal', 403, {}],
    ['no decision', 200, { outcome: 'allow' }],
    ['a denial that says it admits', 200, { ...denial, isAllowed: true }],
    ['an outcome that nobody knows', 200, { ...denial, outcome: 'maybe' }],
    ['an admission that says it refuses', 200, { ...denial, outcome: 'allow' }],
  ])('%s is no answer', async (_what, status, body) => {
    const home = await newHome();
    home.answer = { status, body };
    await expect(ask(home)).rejects.toThrow(/the home/);
  });

  it('holds a quantity until it is confirmed or released, and tells when it is too late', async () => {
    const home = await newHome();
    const held = { ...denial, outcome: 'allow', isAllowed: true, code: null, decisionId: 'x', reservationId: 'r/1' };
    home.answer = { status: 200, body: held };
    const reserving = { ...question, reserve: true, idempotencyKey: 'import-7' };
    const decision = await home.counter.ask(reserving, AbortSignal.timeout(5_000));
    expect([decision.reservationId, home.asked]).toEqual(['r/1', [reserving]]);
    await home.counter.confirm('r/1');
    home.answer = { status: 410, body: { code: 'RESERVATION.EXPIRED' } };
    await expect(home.counter.release('r/1')).rejects.toMatchObject({
      name: 'ReservationError',
      code: 'RESERVATION.EXPIRED',
    });
    home.answer = { status: 503, body: {} };
    await expect(home.counter.confirm('r/1')).rejects.toThrow(/503/);
    expect(home.paths.slice(1, 3)).toEqual([
      '/internal/gate/reservations/r%2F1/confirm',
      '/internal/gate/reservations/r%2F1/release',
    ]);
  });

  it('asks for no token again within a second of a refusal', async () => {
    const home = await newHome();
    home.tokenStatus = 429;
    for (let attempt = 0; attempt < 5; attempt += 1) await expect(ask(home)).rejects.toThrow(/no token/);
    expect(home.tokens).toBe(1);
  });
});
