import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants, invariants, requiredVariable, testPostgres, type TestPostgres } from './index.js';

describe('invariants', () => {
  const databases: TestPostgres[] = [];
  beforeAll(async () => {
    databases.push(await testPostgres('core'), await testPostgres('home'), await testPostgres('tenant'));
  });
  afterAll(async () => {
    for (const database of databases) await database.drop();
  });

  it('each holds in an empty database and is checked in one of them', async () => {
    const checked: string[] = [];
    for (const { url } of databases) checked.push(...(await checkInvariants(url)));
    expect([...new Set(checked)].sort()).toEqual(
      invariants()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('a broken invariant is named with its rows', async () => {
    const home = databases[1];
    if (home === undefined) throw new Error('no database');
    await home.query(
      `INSERT INTO outbox (topic, key, headers, value, compacted, created_at, published_at)
       VALUES ('t', 'k', '{}', '1', false, '2026-03-31T10:00:00Z', '2026-03-31T09:00:00Z')`,
    );
    await expect(checkInvariants(home.url)).rejects.toThrow(/an outbox row is sent or waits.*1 rows[^]*"key":"k"/);
  });

  it('two suites at once get two databases from one template', async () => {
    const [one, two] = await Promise.all([testPostgres('home'), testPostgres('home')]);
    databases.push(one, two);
    await one.query(
      `INSERT INTO outbox (topic, key, headers, compacted, created_at) VALUES ('t', 'k', '{}', false, '2026-03-31')`,
    );
    expect(await two.query('SELECT id FROM outbox')).toEqual([]);
  });

  it('a missing variable fails and says how to start the parts', () => {
    expect(() => requiredVariable('TEST_NOTHING')).toThrow(/TEST_NOTHING is not set.*biplane test/);
  });
});
