import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKey, createRoot } from '@biplane/ceremony';
import { serveControl, type Control } from './control.js';
import { ExternalPart } from './part.js';
import type { Parts } from './parts.js';
import { Ports } from './ports.js';
import { Supervisor } from './services.js';

const parts: Parts = {
  postgres: Object.assign(new ExternalPart('postgres', 'DATABASE_URL'), { url: '' }),
  kafka: Object.assign(new ExternalPart('kafka', 'KAFKA_BROKERS'), { brokers: [], users: {} }),
  redis: Object.assign(new ExternalPart('redis', 'REDIS_URL'), { url: '' }),
  stop: () => Promise.resolve(),
};

const root = createRoot();
const terms = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') };
let control: Control;
beforeEach(async () => {
  const ports = new Ports();
  const supervisor = new Supervisor('/', '/', undefined as never, ports, {}); // it starts nothing here
  await supervisor.add({ name: 'core-api', app: 'core-api', environment: {}, internal: false });
  control = await serveControl(
    { supervisor, parts, createKey: (kid) => createKey(root, { kid, ...terms }) },
    await ports.next(),
  );
});
afterEach(() => control.close());

const send = (method: string, path: string, token = control.token, body?: string) =>
  fetch(control.url + path, { method, headers: { authorization: `Bearer ${token}` }, ...(body ? { body } : {}) });

describe('the control address', () => {
  it('tells the state of every service and server to who has the token', async () => {
    expect(await (await send('GET', '/state')).json()).toMatchObject({
      services: [{ name: 'core-api', running: false, pid: null, internalUrl: null }],
      kafka: { external: true },
    });
  });

  it('holds the ceremony for a further key, and for none of a hostile name', async () => {
    expect(await (await send('POST', '/keys/spare-1')).json()).toMatchObject({
      kid: 'spare-1',
      trusted: expect.any(String),
      revoked: expect.any(String),
    });
    expect((await send('POST', '/keys/..%2Froot')).status).toBe(404);
  });

  it('tells what a service is started with', async () => {
    expect(await (await send('GET', '/services/core-api/environment')).json()).toMatchObject({
      INSTANCE_ID: 'core-api',
    });
  });

  it.each([
    ['another token', 401, 'GET', '/state', 'wrong'],
    ['an unknown service', 404, 'POST', '/services/nobody/start', undefined],
    ['an unknown verb', 404, 'POST', '/services/core-api/explode', undefined],
    ['a server that is not ours', 409, 'POST', '/postgres/kill', undefined],
  ])('refuses %s with %d', async (_why, status, method, path, token) => {
    const response = await send(method, path, token);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  it('refuses a body that is no JSON', async () => {
    expect((await send('POST', '/services/core-api/start', undefined, '{')).status).toBe(400);
  });
});
