import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '../database/tx.js';
import { openDatabase, type PrismaAdapter } from '../database/open-database.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import {
  createTestDatabase,
  homeClientFactory,
  openHomeDatabase,
  type TestDatabase,
} from '../spec-support/database.js';
import { startTinyService, type TinyService } from '../spec-support/tiny-service.js';
import type { IdempotentRequest } from './idempotency-key.decorator.js';
import { IdempotencyService } from './idempotency.service.js';
import { deleteExpired } from './idempotency.store.js';
import type { Answer } from './stored-answer.js';

const DAY_MS = 24 * 3_600_000;

describe('IdempotencyService', () => {
  let database: TestDatabase;
  let replicas: UnitOfWork[];
  let services: IdempotencyService[];
  let clientFactory: (adapter: PrismaAdapter) => unknown;
  let now: Date;
  const clock: Clock = { now: () => now };

  beforeAll(async () => {
    database = await createTestDatabase();
    clientFactory = await homeClientFactory();
    const first = await openHomeDatabase(database.url, clientFactory);
    replicas = [first, openDatabase({ url: database.url, clientFactory })];
    services = replicas.map((unitOfWork) => new IdempotencyService(unitOfWork, clock));
    await executeSql(first.reader, 'CREATE TABLE effect (key text NOT NULL)');
  });
  beforeEach(() => {
    now = new Date('2026-04-01T00:00:00.000Z');
  });
  afterAll(async () => {
    await Promise.all(replicas.map((unitOfWork) => unitOfWork.close()));
    await database.drop();
  });

  const requestOf = (key: string, change: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
    key,
    principal: 'admin',
    method: 'POST',
    path: '/api/v1/tenants',
    bodyHash: 'a'.repeat(64),
    ...change,
  });
  const effectOf =
    (key: string) =>
    async (tx: Tx): Promise<Answer> => {
      await executeSql(tx, 'INSERT INTO effect VALUES ($1)', [key]);
      return { status: 202, body: { id: key, inviteToken: 'secret' }, secretPointers: ['/inviteToken'] };
    };
  const effects = async (key: string): Promise<number> =>
    (await querySql(replicas[0]!.reader, 'SELECT 1 FROM effect WHERE key = $1', [key])).length;
  const codeOf = async (answer: Promise<unknown>): Promise<string> =>
    answer.then(
      () => 'answered',
      (error: { failure?: { code: string } }) => error.failure?.code ?? String(error),
    );

  it('a hundred requests at once under one key, on two replicas, have one effect', async () => {
    const key = randomUUID();
    const codes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => codeOf(services[index % 2]!.run(requestOf(key), effectOf(key)))),
    );
    expect(await effects(key)).toBe(1);
    expect(new Set(codes)).toEqual(new Set(['answered', 'IDEMPOTENCY.IN_FLIGHT']));
  });

  it('C3: a retry after a lost answer has no second effect and gets the stored answer, its secret as null', async () => {
    const key = randomUUID();
    const first = await services[0]!.run(requestOf(key), effectOf(key));
    const again = await services[1]!.run(requestOf(key), effectOf(key));
    expect(first).toMatchObject({ status: 202, body: { id: key, inviteToken: 'secret' }, replayed: false });
    expect(again).toMatchObject({ status: 202, body: { id: key, inviteToken: null }, replayed: true });
    const rows = await querySql(replicas[0]!.reader, `SELECT 1 FROM idempotency_key k WHERE k::text LIKE '%secret%'`);
    expect(rows).toEqual([]);
    expect(await effects(key)).toBe(1);
  });

  it('a replayed answer is the text that went out, its members in their order', async () => {
    const key = randomUUID();
    const body = { zulu: '1.50', alpha: [{ second: 2, first: 1 }], name: 'ü' };
    const work = async (): Promise<Answer> => ({ status: 200, body });
    await services[0]!.run(requestOf(key), work);
    const again = await services[1]!.run(requestOf(key), work);
    expect([again.replayed, JSON.stringify(again.body)]).toEqual([true, JSON.stringify(body)]);
  });

  it('an answer that the release before stored is replayed', async () => {
    const key = randomUUID();
    await services[0]!.run(requestOf(key), effectOf(key));
    await executeSql(replicas[0]!.reader, 'UPDATE idempotency_key SET body_text = NULL WHERE key = $1', [key]);
    const again = await services[1]!.run(requestOf(key), effectOf(key));
    expect(again).toMatchObject({ replayed: true, body: { id: key, inviteToken: null } });
  });

  it('another body, method or path under the key is refused, and another client is another key', async () => {
    const key = randomUUID();
    await services[0]!.run(requestOf(key), effectOf(key));
    for (const change of [{ bodyHash: 'b'.repeat(64) }, { method: 'PUT' }, { path: '/api/v1/other' }]) {
      expect(await codeOf(services[0]!.run(requestOf(key, change), effectOf(key)))).toBe('IDEMPOTENCY.KEY_REUSED');
    }
    await services[0]!.run(requestOf(key, { principal: 'other' }), effectOf(key));
    expect(await effects(key)).toBe(2);
  });

  it('a transaction that is killed leaves nothing, and the key can be used again', async () => {
    const key = randomUUID();
    const killed = services[0]!.run(requestOf(key), async (tx) => {
      const answer = await effectOf(key)(tx);
      const [row] = await querySql<{ pid: number }>(tx, 'SELECT pg_backend_pid() AS pid');
      await querySql(replicas[1]!.reader, 'SELECT pg_terminate_backend($1::int)', [row!.pid]);
      return answer;
    });
    await expect(killed).rejects.toThrow();
    expect(await effects(key)).toBe(0);
    expect(await codeOf(services[1]!.run(requestOf(key), effectOf(key)))).toBe('answered');
    expect(await effects(key)).toBe(1);
  });

  it('an answer is kept for a day by the Clock, then swept', async () => {
    const key = randomUUID();
    await services[0]!.run(requestOf(key), effectOf(key));
    now = new Date(now.getTime() + DAY_MS - 1);
    expect((await services[0]!.run(requestOf(key), effectOf(key))).replayed).toBe(true);
    now = new Date(now.getTime() + 1);
    expect((await services[0]!.run(requestOf(key, { path: '/other' }), effectOf(key))).replayed).toBe(false);
    now = new Date(now.getTime() + DAY_MS);
    expect(await replicas[0]!.run((tx) => deleteExpired(tx, now, 1_000))).toBeGreaterThan(0);
    expect(await querySql(replicas[0]!.reader, 'SELECT 1 FROM idempotency_key')).toEqual([]);
  });
});

describe('a POST with Idempotency-Key', () => {
  let tiny: TinyService;
  let token: string;

  beforeAll(async () => {
    tiny = await startTinyService();
    token = await tiny.token('admin');
  });
  afterAll(() => tiny.stop());

  const post = (name: string, key?: string, spaces = 0): Promise<Response> =>
    fetch(`${tiny.running.url}/api/v1/things`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify({ name }, null, spaces),
    });
  const code = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

  it('keeps status and headers, and says that it is replayed', async () => {
    const first = await post('one', 'key-1');
    const again = await post('one', 'key-1', 2);
    for (const response of [first, again]) {
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toBe('/api/v1/things/one');
    }
    expect(await first.json()).toEqual({ name: 'one', token: 'once' });
    expect(await again.json()).toEqual({ name: 'one', token: null });
    expect([first, again].map((response) => response.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  });

  it('without a key is 400, with a used one 422, and a refusal stores nothing', async () => {
    expect(await code(await post('two'))).toBe('IDEMPOTENCY.KEY_MISSING');
    await post('two', 'key-2');
    const reused = await post('three', 'key-2');
    expect([reused.status, await code(reused)]).toEqual([422, 'IDEMPOTENCY.KEY_REUSED']);
    expect((await post('refused', 'key-3')).status).toBe(409);
    expect((await post('four', 'key-3')).status).toBe(201);
  });
});
