import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RefusalError } from '@biplane/kernel';
import { RequestErrors } from '../problems/request.errors.js';
import { failureOf } from '../problems/failure-of.js';
import {
  createTestDatabase,
  homeClientFactory,
  openHomeDatabase,
  type TestDatabase,
} from '../spec-support/database.js';
import { isUniqueViolation, isValueRefused } from './database-errors.js';
import { openDatabase, type PrismaAdapter } from './open-database.js';
import { executeSql, querySql, type Tx } from './tx.js';
import { UnitOfWork } from './unit-of-work.js';

describe('UnitOfWork', () => {
  let database: TestDatabase;
  let unitOfWork: UnitOfWork;
  let clientFactory: (adapter: PrismaAdapter) => unknown;

  beforeAll(async () => {
    database = await createTestDatabase();
    clientFactory = await homeClientFactory();
    unitOfWork = await openHomeDatabase(database.url, clientFactory);
    await executeSql(unitOfWork.reader, 'CREATE TABLE counter (id int PRIMARY KEY, value int NOT NULL)');
    await executeSql(unitOfWork.reader, 'INSERT INTO counter VALUES (1, 0), (2, 0)');
  });

  afterAll(async () => {
    await unitOfWork.close();
    await database.drop();
  });

  const valueOf = async (id: number): Promise<number> =>
    (await querySql<{ value: number }>(unitOfWork.reader, 'SELECT value FROM counter WHERE id = $1', [id]))[0]!.value;
  const add = (tx: Tx, id: number, by: number): Promise<number> =>
    executeSql(tx, 'UPDATE counter SET value = value + $2::int WHERE id = $1::int', [id, by]);

  it('commits what the work wrote, and calls hooks only then', async () => {
    const before = await valueOf(1);
    let seenByHook: Promise<number> | null = null;
    const result = await unitOfWork.run(async (tx) => {
      await add(tx, 1, 5);
      UnitOfWork.afterCommit(tx, () => {
        seenByHook = valueOf(1);
      });
      expect(await valueOf(1)).toBe(before);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await seenByHook).toBe(before + 5);
  });

  it('a transaction is read committed, whatever its database would have it', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await executeSql(unitOfWork.reader, `ALTER DATABASE "${name}" SET default_transaction_isolation = 'serializable'`);
    const fresh = await openHomeDatabase(database.url, clientFactory);
    const level = async (tx: Tx) =>
      (await querySql<{ at: string }>(tx, `SELECT current_setting('transaction_isolation') AS at`))[0]!.at;
    const levels = [
      await fresh.run(level),
      await fresh.run(level, { isolation: 'RepeatableRead' }),
      await fresh.run(level),
    ];
    expect(levels).toEqual(['read committed', 'repeatable read', 'read committed']);
    await fresh.close();
    await executeSql(unitOfWork.reader, `ALTER DATABASE "${name}" RESET default_transaction_isolation`);
  });

  it('a relaxed transaction waits for no disk, and the next one of its connection does again', async () => {
    await executeSql(unitOfWork.reader, `ALTER DATABASE "${new URL(database.url).pathname.slice(1)}" SET synchronous_commit = on`);
    const synced = await openHomeDatabase(database.url, clientFactory);
    const told = async (tx: Tx) =>
      (await querySql<{ at: string; pid: number }>(tx, `SELECT current_setting('synchronous_commit') AS at, pg_backend_pid() AS pid`))[0]!;
    const [before, relaxed] = [await synced.run(told), await synced.run(told, { durability: 'relaxed' })];
    const after = [];
    while (after.length < 20 && after.at(-1)?.pid !== relaxed.pid) after.push(await synced.run(told));
    await synced.close();
    expect([before.at, relaxed.at, after.at(-1)]).toEqual(['on', 'off', { at: 'on', pid: relaxed.pid }]);
  }); // prettier-ignore

  it('a refusal rolls everything back and calls no hook', async () => {
    const before = await valueOf(1);
    let called = false;
    const refused = unitOfWork.run(async (tx) => {
      await add(tx, 1, 1);
      UnitOfWork.afterCommit(tx, () => (called = true));
      throw new RefusalError(RequestErrors.INVALID({ detail: 'no' }));
    });
    await expect(refused).rejects.toBeInstanceOf(RefusalError);
    expect(await valueOf(1)).toBe(before);
    expect(called).toBe(false);
  });

  it('a hook that throws does not undo a commit', async () => {
    const before = await valueOf(1);
    await unitOfWork.run(async (tx) => {
      await add(tx, 1, 1);
      UnitOfWork.afterCommit(tx, () => {
        throw new Error('nudge');
      });
    });
    expect(await valueOf(1)).toBe(before + 1);
  });

  it('two transactions that lock each other both succeed, each once', async () => {
    const before = [await valueOf(1), await valueOf(2)];
    let arrived = 0;
    let release: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (release = resolve));
    const crosswise = (first: number, second: number): Promise<void> =>
      unitOfWork.run(async (tx) => {
        await add(tx, first, 1);
        if ((arrived += 1) === 2) release();
        await both;
        await add(tx, second, 1);
      });
    await Promise.all([crosswise(1, 2), crosswise(2, 1)]);
    expect([await valueOf(1), await valueOf(2)]).toEqual(before.map((value) => value + 2));
    expect(arrived).toBeGreaterThan(2);
  });

  it('serializable transactions that conflict run again until both hold', async () => {
    const before = await valueOf(1);
    const increment = (): Promise<void> =>
      unitOfWork.run(
        async (tx) => {
          const [row] = await querySql<{ value: number }>(tx, 'SELECT value FROM counter WHERE id = 1');
          await executeSql(tx, 'UPDATE counter SET value = $1::int WHERE id = 1', [row!.value + 1]);
        },
        { isolation: 'Serializable', attemptsMax: 20 },
      );
    await Promise.all([increment(), increment(), increment()]);
    expect(await valueOf(1)).toBe(before + 3);
  });

  it('tells a unique violation and a refused value from other errors', async () => {
    const twice = await executeSql(unitOfWork.reader, 'INSERT INTO counter VALUES (1, 0)').catch((e: unknown) => e);
    expect(isUniqueViolation(twice)).toBe(true);
    expect(isUniqueViolation(twice, 'counter_pkey')).toBe(true);
    expect(isUniqueViolation(twice, 'other_key')).toBe(false);
    expect(failureOf(twice).failure.code).toBe('REQUEST.CONFLICT');
    const bad = await querySql(unitOfWork.reader, 'SELECT $1::uuid', ['no uuid']).catch((e: unknown) => e);
    expect(isValueRefused(bad)).toBe(true);
  });

  it('a database that is not there is 503, not a bug', async () => {
    const away = new URL(database.url);
    away.port = '1';
    const other = openDatabase({ url: away.href, clientFactory });
    const inTransaction = await other.run((tx) => querySql(tx, 'SELECT 1')).catch((e: unknown) => e);
    const outside = await querySql(other.reader, 'SELECT 1').catch((e: unknown) => e);
    expect(failureOf(inTransaction).failure.code).toBe('SERVICE.UNAVAILABLE');
    expect(failureOf(outside).failure.code).toBe('SERVICE.UNAVAILABLE');
    await other.close();
  });

  it('a killed connection is 503, and the next transaction works', async () => {
    const killed = await unitOfWork
      .run(async (tx) => {
        const [row] = await querySql<{ pid: number }>(tx, 'SELECT pg_backend_pid() AS pid');
        await querySql(unitOfWork.reader, 'SELECT pg_terminate_backend($1::int)', [row!.pid]);
        await add(tx, 1, 1000);
      })
      .catch((e: unknown) => e);
    expect(failureOf(killed).failure.code).toBe('SERVICE.UNAVAILABLE');
    expect(await valueOf(1)).toBeLessThan(1000);
    await unitOfWork.run((tx) => add(tx, 2, 1));
  });

  it('a pool without a free connection is 503 within seconds', async () => {
    const small = openDatabase({ url: database.url, clientFactory, poolMax: 1 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const holder = small.run(() => held);
    const refused = await small.run((tx) => querySql(tx, 'SELECT 1'), { waitMs: 200 }).catch((e: unknown) => e);
    expect(failureOf(refused).failure.code).toBe('SERVICE.UNAVAILABLE');
    release();
    await holder;
    await small.close();
  });
});
