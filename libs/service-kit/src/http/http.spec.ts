import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { pino, type LoggerOptions } from 'pino';
import { parseJson } from './body-parsers.js';
import { loggingParams } from './logging.js';
import { decodeCursor, encodeCursor, KEY, mapPage, page } from './paging.js';
import { fullPath, UNPREFIXED_ROOTS } from './paths.js';
import { requestIdOf } from './request-id.js';
import { RouteTable } from './route-table.js';
import { problemOf } from '../problems/problem.js';
import { withoutSecrets } from '../idempotency/stored-answer.js';
import { failureOf } from '../problems/failure-of.js';

describe('cursors', () => {
  it('come back as they were', () => {
    expect(decodeCursor(encodeCursor(['2026-04-01T00:00:00.000Z', 'ö']))).toEqual(['2026-04-01T00:00:00.000Z', 'ö']);
  });

  it.each(['', 'abc', encodeCursor(['a']).slice(0, -1), Buffer.from('["a"]').toString('base64url'), '../..'])(
    'the edited cursor %j is refused',
    (cursor) => {
      expect(() => decodeCursor(cursor)).toThrow('REQUEST.INVALID');
    },
  );

  it.each([[null], [{}], [[]], [[1]], [['x']], [['1', '2']], [['-1']], [['1.5']], [['9'.repeat(16)]]])(
    'a cursor with the key %j, which no row of the list can have, is refused before anything is fetched',
    async (key) => {
      const fetch = (): never => {
        throw new Error('fetched');
      };
      const asked = page({ cursor: encodeCursor(key as string[]) }, { fetch, keyOf: () => [], shape: [KEY.number] });
      await expect(asked).rejects.toThrow('REQUEST.INVALID');
    },
  );

  it('a page survives rows that are inserted meanwhile', async () => {
    const rows = ['b', 'd', 'f'];
    const source = {
      fetch: async ({ after, take }: { after: readonly string[] | null; take: number }) =>
        rows.filter((row) => after === null || row > after[0]!).slice(0, take),
      keyOf: (row: string) => [row],
      shape: [KEY.code],
    };
    const first = await page({ limit: 2 }, source);
    expect(first).toMatchObject({ data: ['b', 'd'], page: { hasMore: true } });
    rows.unshift('a');
    rows.splice(3, 0, 'e');
    const second = await page({ limit: 2, cursor: first.page.nextCursor! }, source);
    expect(mapPage(second, (row) => row.toUpperCase())).toEqual({
      data: ['E', 'F'],
      page: { nextCursor: null, hasMore: false },
    });
  });
});

describe('bodies', () => {
  it('harmless look-alikes of forbidden text pass', () => {
    const text = '{"note":"\\\\u0000 __proto__ constructor 🛩 \\ud83d\\udee9","built":"prototype"}';
    expect(parseJson(text)).toMatchObject({ note: '\\u0000 __proto__ constructor 🛩 🛩' });
    expect(parseJson(' ')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'prototype'])('a member called %s is refused, not left out', (key) => {
    expect(() => parseJson(`{"usage":[{"${key}":"1"}]}`)).toThrow('REQUEST.MALFORMED');
  });

  it('brackets inside texts are no depth', () => {
    expect(parseJson(JSON.stringify({ a: '['.repeat(100), b: '\\"[' }))).toBeDefined();
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(deep(32))).toBeDefined();
    expect(() => parseJson(deep(33))).toThrow('REQUEST.MALFORMED');
  });
});

describe('paths', () => {
  it('everything but the public roots has the prefix', () => {
    expect(fullPath('tenants', ':id', UNPREFIXED_ROOTS)).toBe('/api/v1/tenants/:id');
    expect(fullPath('/public/me', '/', UNPREFIXED_ROOTS)).toBe('/public/me');
    expect(fullPath('publicity', '', UNPREFIXED_ROOTS)).toBe('/api/v1/publicity');
  });

  it('a path answers the methods of its pattern', () => {
    const table = new RouteTable([]);
    table.fill([
      { method: 'GET', path: '/a/:id' },
      { method: 'PUT', path: '/a/:id' },
      { method: 'POST', path: '/a.b' },
    ]);
    expect(table.methodsOf('/a/1?x=1')).toEqual(['GET', 'PUT']);
    expect(table.methodsOf('/axb')).toEqual([]);
  });

  it('a well-formed request id of the caller is kept, another is replaced', () => {
    expect(requestIdOf({ headers: { 'x-request-id': 'abcd-1234' } })).toBe('abcd-1234');
    for (const bad of ['short', 'with space and more', 'x'.repeat(129), 'line\nfeed-1234']) {
      expect(requestIdOf({ headers: { 'x-request-id': bad } })).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('problems and logs', () => {
  it('members of a failure cannot replace what every problem has', () => {
    const failure = { code: 'A.B', status: 422, title: 't', detail: 'd', members: { allowed: ['x'], code: 'FAKE' } };
    expect(problemOf(failure, 'r')).toEqual({
      type: 'urn:biplane:error:A.B',
      title: 't',
      status: 422,
      detail: 'd',
      code: 'A.B',
      requestId: 'r',
      allowed: ['x'],
    });
  });

  it('an error of another connection is a bug to look at, not an absent database', () => {
    const kafka = Object.assign(new Error('broker away'), { code: 'ECONNREFUSED' });
    kafka.stack = 'Error: broker away\n    at kafkajs/src/network';
    expect(failureOf(kafka).failure.code).toBe('SERVICE.INTERNAL');
  });

  it('secrets never reach the log, wherever they stand', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const service = { name: 's', version: '1', instanceId: 'i' };
    const logger = pino(loggingParams(service, 'info').pinoHttp as unknown as LoggerOptions, stream);
    logger.info({ password: 'hunter2', a: { token: 'hunter2', b: { clientSecret: 'hunter2' } } }, 'said');
    logger.info({ req: { method: 'GET', url: '/x?token=hunter2', headers: { authorization: 'hunter2' } } });
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('[redacted]');
  });

  it('a stored answer keeps null in place of each secret, and a wrong pointer is a bug', () => {
    const body = { a: [{ 'k/~': 's' }], when: new Date(0), secret: 's' };
    expect(withoutSecrets(body, ['/a/0/k~1~0', '/secret'])).toEqual({
      a: [{ 'k/~': null }],
      when: '1970-01-01T00:00:00.000Z',
      secret: null,
    });
    expect(body.secret).toBe('s');
    expect(() => withoutSecrets(body, ['/nothing'])).toThrow('No value at /nothing');
  });
});
