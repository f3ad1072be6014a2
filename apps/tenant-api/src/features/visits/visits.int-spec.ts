import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executeSql, querySql, UnitOfWork } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';

const START = new Date('2026-03-01T10:00:00.000Z');
const hours = (count: number) => new Date(START.getTime() + count * 3_600_000);
let home: RunningHome;

beforeAll(async () => {
  home = await RunningHome.start(START.toISOString());
});
afterAll(async () => {
  await home?.close();
});

const index = () => home.service.app.get(UnitOfWork, { strict: false });
const visitedAt = async ({ deploymentId }: ServedDeployment, kind: string): Promise<Date | null> => {
  const sql = 'SELECT visited_at AS at FROM tenant_visit WHERE deployment_id = $1::uuid AND kind = $2';
  return (await querySql<{ at: Date | null }>(index().reader, sql, [deploymentId, kind]))[0]?.at ?? null;
};
const visitedSince = (of: ServedDeployment, kind: string, since: Date) =>
  waitFor(`a visit for ${kind}`, async () => ((await visitedAt(of, kind)) ?? START) >= since && visitedAt(of, kind));
const count = async ({ deploymentId }: ServedDeployment, table: string, expiresAt: Date) => {
  const sql = `SELECT count(*)::int AS n FROM ${table} WHERE expires_at <= $1`;
  const rows = await home.handle(deploymentId).read((reader) => querySql<{ n: number }>(reader, sql, [expiresAt]));
  return rows[0]!.n;
};

describe('visits to the databases of tenants', () => {
  it('once a day what has ended there is deleted, in pieces, and what has not stays', async () => {
    const tenant = await home.deployment();
    await visitedSince(tenant, 'retention', START);
    const { deploymentId } = tenant;
    await home.handle(deploymentId).run(async (tx) => {
      const member = (await querySql<{ id: string }>(tx, 'SELECT id::text AS id FROM member LIMIT 1'))[0]!.id;
      const some = (expires: Date, from: number) => [expires, from, START, member];
      await executeSql(
        tx,
        `INSERT INTO member_session (token_hash, member_id, created_at, expires_at)
         SELECT lpad(n::text, 64, '0'), $4::uuid, $3, $1 FROM generate_series($2::int, $2::int + 2499) n`,
        some(hours(2), 0),
      );
      await executeSql(tx, `INSERT INTO member_session VALUES (repeat('f', 64), $1::uuid, $2, $3)`, [member, START, hours(400)]);
      await executeSql(
        tx,
        `INSERT INTO idempotency_key (principal, key, method, path, body_hash, status, headers, created_at, expires_at)
         SELECT 'member:x', n::text, 'POST', '/', repeat('0', 64), 201, '{}', $3, $1
           FROM generate_series($2::int, $2::int + 9) n WHERE $4::text IS NOT NULL`,
        some(hours(3), 0),
      );
    });
    // Ended, and the database was visited today already.
    home.setClock(hours(20));
    await home.deployment();
    expect([await count(tenant, 'member_session', hours(2)), await count(tenant, 'idempotency_key', hours(3))]).toEqual([2_500, 10]);
    home.setClock(hours(25));
    await visitedSince(tenant, 'retention', hours(25));
    expect([await count(tenant, 'member_session', hours(2)), await count(tenant, 'idempotency_key', hours(3))]).toEqual([0, 0]);
    expect(await count(tenant, 'member_session', hours(400))).toBe(1);
  }); // prettier-ignore

  it('a database with nothing due is not asked each second: again after an hour for mail, after a day to sweep', async () => {
    home.setClock(hours(100));
    const tenant = await home.deployment();
    const first = [await visitedSince(tenant, 'statement_mail', hours(100)), await visitedSince(tenant, 'retention', hours(100))];
    // Another tenant comes, is visited, and nobody looked here meanwhile.
    home.setClock(new Date(hours(100).getTime() + 59 * 60_000));
    const other = await home.deployment();
    await visitedSince(other, 'statement_mail', hours(100.5));
    expect([await visitedAt(tenant, 'statement_mail'), await visitedAt(tenant, 'retention')]).toEqual(first);
    home.setClock(hours(101.1));
    await visitedSince(tenant, 'statement_mail', hours(101.1));
    expect(await visitedAt(tenant, 'retention')).toEqual(first[1]);
  }); // prettier-ignore

  it('a database that is being moved is left alone, and visited when it is served again', async () => {
    home.setClock(hours(150));
    const tenant = await home.deployment();
    await visitedSince(tenant, 'retention', hours(150));
    const at = { homeId: home.homeId, epoch: 1, url: 'https://eu-1.example' };
    await home.handle(tenant.deploymentId).run(async (tx) => {
      const sql = `INSERT INTO member_session SELECT repeat('e', 64), id, $1, $1 FROM member LIMIT 1`;
      await executeSql(tx, sql, [hours(150)]);
    });
    await home.license(tenant, { placement: { ...at, phase: 'draining' } });
    home.setClock(hours(175));
    // Another database is due then too, and its visit comes to an end.
    await visitedSince(await home.deployment(), 'retention', hours(174));
    expect(await count(tenant, 'member_session', hours(150))).toBe(1);
    await home.license(tenant, { placement: { ...at, phase: 'serving' } });
    home.moveClock(130_000);
    await visitedSince(tenant, 'retention', hours(174));
    expect(await count(tenant, 'member_session', hours(150))).toBe(0);
  });

  it('what a process left that died in a visit is visited by another, and a lost row comes again', async () => {
    home.setClock(hours(200));
    const tenant = await home.deployment();
    await visitedSince(tenant, 'statement_mail', hours(200));
    const set = (sql: string) => index().run((tx) => executeSql(tx, sql, [tenant.deploymentId, hours(200)]));
    await set(`UPDATE tenant_visit SET due_at = $2, taken_at = $2 WHERE deployment_id = $1::uuid AND kind = 'statement_mail'`);
    home.setClock(new Date(hours(200).getTime() + 121_000));
    const again = new Date(hours(200).getTime() + 120_000);
    await visitedSince(tenant, 'statement_mail', again);
    await set('DELETE FROM tenant_visit WHERE deployment_id = $1::uuid AND $2::timestamptz IS NOT NULL');
    await visitedSince(tenant, 'statement_mail', again);
  }); // prettier-ignore
});
