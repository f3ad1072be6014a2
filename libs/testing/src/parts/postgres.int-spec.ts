import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testPostgres, type TestPostgres } from './postgres.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await testPostgres('tenant');
});
afterAll(() => postgres?.drop());

describe('the database of a suite', () => {
  it('keeps its connection from one statement to the next, and nothing that a statement set for it', async () => {
    const session = async () =>
      (await postgres.query<{ pid: number; role: string }>('SELECT pg_backend_pid() AS pid, current_user AS role'))[0]!;
    const before = await session();
    await postgres.query('SET ROLE pg_monitor');
    expect(await session()).toEqual(before);
  });
});
