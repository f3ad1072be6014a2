import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTinyService, type TinyService } from '../spec-support/tiny-service.js';
import { TENANT } from '../spec-support/key-files.js';

interface ProblemBody {
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly detail: string;
  readonly errors?: { pointer: string; code: string }[];
  readonly needed?: string[];
}

describe('HTTP conventions', () => {
  let tiny: TinyService;
  let admin: string;

  beforeAll(async () => {
    tiny = await startTinyService();
    admin = await tiny.token('admin');
  });
  afterAll(() => tiny.stop());

  const call = (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> =>
    fetch(`${tiny.running.url}${path}`, {
      ...init,
      headers: {
        ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
  const problem = async (response: Response, status: number, code: string): Promise<ProblemBody> => {
    const text = await response.text();
    expect({ status: response.status, type: response.headers.get('content-type'), text }).toMatchObject({
      status,
      type: expect.stringMatching(/^application\/problem\+json/) as unknown,
    });
    const body = JSON.parse(text) as ProblemBody;
    expect(body).toMatchObject({ status, code, requestId: response.headers.get('x-request-id') });
    expect(text).not.toMatch(/at .*\.[jt]s|node_modules|secret detail/);
    return body;
  };
  const echo = (body: string, type = 'application/json'): Promise<Response> =>
    call('/api/v1/things/echo', { method: 'POST', body, headers: { 'content-type': type } });

  it('an unknown route is 404 and a known path with another method is 405 with Allow', async () => {
    await problem(await call('/nowhere'), 404, 'REQUEST.NOT_FOUND');
    await problem(await call('/things'), 404, 'REQUEST.NOT_FOUND');
    const response = await call('/api/v1/things', { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('GET, POST');
    await problem(response, 405, 'REQUEST.METHOD_NOT_ALLOWED');
  });

  it.each([
    ['broken JSON', '{"a":'],
    ['a key that reaches the prototype', '{"__proto__":{"admin":true}}'],
    ['an escaped key that reaches the prototype', '{"\\u005f_proto__":{"admin":true}}'],
    ['a constructor with a prototype', '{"constructor":{"prototype":{"admin":true}}}'],
    ['NUL, which PostgreSQL cannot store', '{"name":"a\\u0000b"}'],
    ['half a surrogate pair', '{"name":"\\ud800"}'],
    ['nesting that would exhaust the stack', '['.repeat(5_000) + ']'.repeat(5_000)],
  ])('%s is 400', async (_, body) => {
    await problem(await echo(body), 400, 'REQUEST.MALFORMED');
  });

  it('a body above 1 MiB is 413, and another media type 415', async () => {
    await problem(await echo(JSON.stringify('x'.repeat(1_048_577))), 413, 'REQUEST.TOO_LARGE');
    await problem(await echo('<a/>', 'application/xml'), 415, 'REQUEST.MEDIA_TYPE');
    await problem(await echo('a=1', 'application/x-www-form-urlencoded'), 415, 'REQUEST.MEDIA_TYPE');
    const token = await call('/oauth/token', { method: 'POST', body: '{"grant_type":"client_credentials"}' });
    await problem(token, 415, 'REQUEST.MEDIA_TYPE');
  });

  it('CloudEvents, single and batch, are read as JSON', async () => {
    for (const type of ['application/cloudevents+json', 'application/cloudevents-batch+json; charset=utf-8']) {
      expect(await (await echo('[{"id":"1"}]', type)).json()).toEqual({ body: [{ id: '1' }] });
    }
  });

  it('unknown keys of a body and of a query are refused, each with its pointer', async () => {
    const body = JSON.stringify({ name: 1, extra: true, parts: [{ name: 'ok' }, { name: 'x'.repeat(11) }] });
    const headers = { 'idempotency-key': 'k' };
    const response = await call('/api/v1/things', { method: 'POST', token: admin, body, headers });
    const { errors } = await problem(response, 400, 'REQUEST.INVALID');
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ pointer: '/extra', code: 'UNKNOWN_FIELD' }),
        expect.objectContaining({ pointer: '/name' }),
        expect.objectContaining({ pointer: '/parts/1/name', code: 'MAX_LENGTH' }),
      ]),
    );
    await problem(await call('/api/v1/things?colour=red', { token: admin }), 400, 'REQUEST.INVALID');
    const one = '/api/v1/things/0193a000-0000-7000-8000-000000000001';
    await problem(await call(`${one}?color=red`, { token: admin }), 400, 'REQUEST.INVALID');
    await problem(await call('/api/v1/things?color=green', { token: admin }), 400, 'REQUEST.INVALID');
    await problem(await call('/api/v1/things?limit=201', { token: admin }), 400, 'REQUEST.INVALID');
    await problem(await call('/api/v1/things?color=red&color=blue', { token: admin }), 400, 'REQUEST.INVALID');
    await problem(await call('/api/v1/things/%00', { token: admin }), 400, 'REQUEST.MALFORMED');
    await problem(await call('/api/v1/things/no-uuid', { token: admin }), 400, 'REQUEST.INVALID');
  });

  it('a field is told to be missing, or what it has to be before how long it may be', async () => {
    const tried = async (body: object): Promise<unknown> => {
      const sent = { method: 'POST', token: admin, body: JSON.stringify(body), headers: { 'idempotency-key': 'k' } };
      return (await problem(await call('/api/v1/things', sent), 400, 'REQUEST.INVALID'))['errors'];
    };
    const missing = { pointer: '/name', code: 'MISSING', detail: 'name is missing' };
    expect(await tried({})).toEqual([missing]);
    expect(await tried({ parts: [{}] })).toEqual([missing, { ...missing, pointer: '/parts/0/name' }]);
    expect(await tried({ name: 5 })).toEqual([
      { pointer: '/name', code: 'IS_STRING', detail: 'name must be a string' },
    ]);
    expect(await tried({ name: null })).toMatchObject([{ code: 'IS_STRING' }]);
    expect(await tried({ name: 'x'.repeat(21) })).toMatchObject([{ code: 'MAX_LENGTH' }]);
    expect(await tried({ name: 'a', size: 'b' })).toMatchObject([{ detail: 'size must be a number' }]);
    expect(await tried({ name: 'a', parts: ['b'] })).toMatchObject([
      { pointer: '/parts/0', detail: 'each value must be an object' },
    ]);
    const color = await problem(await call('/api/v1/things?color=', { token: admin }), 400, 'REQUEST.INVALID');
    expect(color['errors']).toMatchObject([{ code: 'IS_IN' }]);
  });

  it('no name of a query is passed over in silence, however it is spelled and whoever the route is for', async () => {
    for (const name of ['__proto__', '%5f_proto__', 'constructor', 'constructor[prototype]', 'prototype']) {
      await problem(await call(`/api/v1/things?${name}=1`, { token: admin }), 400, 'REQUEST.MALFORMED');
    }
    await problem(await call('/api/v1/things/own?color=red'), 400, 'REQUEST.INVALID');
    expect((await call('/api/v1/things/own')).status).toBe(200);
  });

  it('no body is passed over in silence where none is read; an empty one says nothing', async () => {
    const sent = (body: object) => ({ method: 'POST', token: admin, body: JSON.stringify(body) });
    const { errors } = await problem(await call('/api/v1/things/spin', sent({ dryRun: true })), 400, 'REQUEST.INVALID');
    expect(errors).toEqual([{ pointer: '', code: 'UNKNOWN_FIELD', detail: 'No body is read here' }]);
    expect((await call('/api/v1/things/spin', sent({}))).status).toBe(201);
    expect((await call('/api/v1/things/spin', { method: 'POST', token: admin })).status).toBe(201);
  });

  it('no If-Match is passed over in silence where nothing is compared with it', async () => {
    const headers = { 'if-match': '"x"' };
    const refused = await call('/api/v1/things/spin', { method: 'POST', token: admin, headers });
    expect((await problem(refused, 400, 'REQUEST.INVALID')).errors).toMatchObject([
      { detail: 'No If-Match is read here' },
    ]);
    expect((await call('/api/v1/things/own', { headers })).status).toBe(200);
  });

  it('an unexpected error tells nothing but the request id', async () => {
    const sent = { token: admin, headers: { 'x-request-id': 'caller-12345678' } };
    const { requestId } = await problem(await call('/api/v1/things/broken', sent), 500, 'SERVICE.INTERNAL');
    expect(requestId).toBe('caller-12345678');
    const hostile = await call('/nowhere', { headers: { 'x-request-id': 'a"b' } });
    expect(hostile.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('a missing, foreign or unfit token is 401 or 403, and the 403 names the scope', async () => {
    await problem(await call('/api/v1/things'), 401, 'AUTH.TOKEN_MISSING');
    const response = await call('/api/v1/things', { token: `${admin}x` });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    await problem(response, 401, 'AUTH.TOKEN_INVALID');
    const tenant = await tiny.token('acme');
    const { needed } = await problem(await call('/api/v1/things', { token: tenant }), 403, 'AUTH.SCOPE_MISSING');
    expect(needed).toEqual(['platform:read']);
    expect((await call(`/api/v1/things/${TENANT}`, { token: tenant })).status).toBe(200);
    const other = TENANT.replace(/1$/, '2');
    await problem(await call(`/api/v1/things/${other}`, { token: tenant }), 404, 'REQUEST.NOT_FOUND');
  });

  it('pages follow each other to the end, and an edited cursor is refused', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const response = await call(`/api/v1/things?limit=2${query}`, { token: admin });
      const body = (await response.json()) as { data: { id: string }[]; page: { nextCursor: string | null } };
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(['t0', 't1', 't2', 't3', 't4']);
    await problem(await call('/api/v1/things?cursor=WyJ0MyJd', { token: admin }), 400, 'REQUEST.INVALID');
  });

  it('only the internal listener serves /internal', async () => {
    for (const path of ['/internal/things', '/%69nternal/things', '//internal/things', '/internal/things/']) {
      expect((await call(path, { token: admin })).status).toBe(404);
    }
    const internal = `${tiny.running.internalUrl}/internal/things`;
    expect((await fetch(internal, { headers: { authorization: `Bearer ${admin}` } })).status).toBe(200);
    expect((await fetch(internal)).status).toBe(401);
  });

  it('health, metrics, version and docs need no token', async () => {
    expect(await (await call('/health/live')).json()).toEqual({ status: 'ok', checks: {} });
    expect(await (await call('/health/ready')).json()).toEqual({ status: 'ok', checks: { database: 'ok' } });
    expect(await (await call('/version')).json()).toMatchObject({
      service: 'tiny',
      version: '1.2.3',
      instanceId: 'tiny-0',
    });
    expect(await (await call('/metrics')).text()).toContain('http_request_duration_seconds_bucket');
    expect((await call('/docs')).status).toBe(200);
  });
});
