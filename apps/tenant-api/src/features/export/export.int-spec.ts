import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeDatabaseName, homeRoleNames, tenantDatabaseName, type LicenseClaims } from '@biplane/licensing';
import { executeSql, type Principal, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  newPlacement,
  requiredVariable,
  testPostgres,
  testUnitOfWork,
  TestIssuer,
  type Placement,
  type TestPostgres,
} from '@biplane/testing';
import { redisPrefix } from '../../redis-prefix.js';
import { dropHome } from '../../testing/drop-home.js';
import { dedicatedLicense, newDedicatedHome } from '../../testing/enrollment-rig.js';
import { newFieldKey } from '../../testing/home-rig.js';
import { PurgingReplica } from '../../testing/purge-rig.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../tenancy/index.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const redisUrl = requiredVariable('TEST_REDIS_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const fieldKey = newFieldKey();
const password = randomBytes(12).toString('hex');
const { provisioner } = homeRoleNames(homeId);
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
const operator: Principal = { clientId: 'operator', scopes: ['internal:operate'], regions: null };
const PURGE_AFTER = '2026-04-12T00:00:00.000Z';

const pools: PurgingReplica[] = [];
let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;
let pool: PurgingReplica;

const admin = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> =>
  withSession(superUrl, async (session) => (await session.query(sql, params)).rows as Row[]);

async function newPool(at = clock): Promise<PurgingReplica> {
  const rootKey = issuer.rootPublicKey;
  const made = new PurgingReplica({
    ...{ clock: at, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey, redisUrl },
  });
  pools.push(made);
  await made.replica.keeper.takeRecord(issuer.keyRecord('k1'));
  return made;
}

async function give(to: PurgingReplica, placement: Placement, changes: Partial<LicenseClaims> = {}): Promise<void> {
  const compact = issuer.sign(issuer.claims(placement, changes), 'k1');
  await to.replica.keeper.takeRecord(issuer.licenseRecord(placement.deploymentId, compact));
  await to.replica.reconciler.drain();
}

/** A deployment of this pool with a member in its database. */
async function served(to = pool): Promise<Placement> {
  const placement = newPlacement(homeId);
  await give(to, placement);
  return placement;
}

const revoked = (version: number, more: Partial<LicenseClaims> = {}): Partial<LicenseClaims> => ({
  version,
  status: 'revoked',
  purgeAfter: PURGE_AFTER,
  ...more,
});

async function linesOf(deploymentId: string, principal = operator, at = pool): Promise<Record<string, unknown>[]> {
  const stream = await at.exports.open(deploymentId, principal);
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: stream })) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}

async function addMembers(to: PurgingReplica, deploymentId: string, count: number): Promise<void> {
  await to.replica.handles.resolve(deploymentId).run((tx) =>
    executeSql(
      tx,
      `INSERT INTO member (id, role, state, created_at)
       SELECT gen_random_uuid(), 'member', 'active', '2026-04-10T12:00:00Z' FROM generate_series(1, $1::int)`,
      [count],
    ),
  );
}

const reports = async (deploymentId: string) =>
  (
    await homeDatabase.query<{ value: string }>(
      `SELECT value FROM outbox WHERE topic = 'license.applied.eu-1' AND key = $1 ORDER BY id`,
      [deploymentId],
    )
  ).map(({ value }) => JSON.parse(value) as { homeId: string; database: { state: string; reason?: string } });

const existing = async (...names: string[]): Promise<unknown[]> =>
  admin(
    `SELECT datname FROM pg_database WHERE datname = ANY($1) UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ ANY($1)`,
    [names],
  );

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  await admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  await ensureTemplate({ provisionerUrl, homeId, schema });
  pool = await newPool();
});

afterAll(async () => {
  for (const each of pools) await each.close();
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('an export', () => {
  it('holds every row of every table at one instant, and a last line that counts them', async () => {
    const { deploymentId, tenantId } = await served();
    await addMembers(pool, deploymentId, 450);
    const stream = await pool.exports.open(deploymentId, operator);
    const chunks: Buffer[] = [];
    const iterator = stream[Symbol.asyncIterator]();
    chunks.push(Buffer.from((await iterator.next()).value as Buffer));
    await addMembers(pool, deploymentId, 7);
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      chunks.push(Buffer.from(next.value));
    const text = Buffer.concat(chunks).toString();
    const lines = text.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ export: { deploymentId, tenantId, licenseVersion: 1 } });
    const { end } = JSON.parse(lines.at(-1) ?? '') as {
      end: { tables: { name: string; rows: number }[]; sha256: string };
    };
    expect(end.tables).toContainEqual({ name: 'member', rows: 450 });
    expect(lines.filter((line) => line.startsWith('{"table":"member"'))).toHaveLength(450);
    const before = `${lines.slice(0, -1).join('\n')}\n`;
    expect(end.sha256).toBe(createHash('sha256').update(before).digest('hex'));
  });

  it('is read as slowly as its reader likes without being held in memory, and ends when the reader goes away', async () => {
    const { deploymentId } = await served();
    await addMembers(pool, deploymentId, 20_000);
    const open = async () =>
      admin<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND xact_start IS NOT NULL`,
        [tenantDatabaseName(deploymentId)],
      );
    const stream = await pool.exports.open(deploymentId, operator);
    await once(stream, 'readable');
    expect(stream.readableLength).toBeLessThan(1_000_000);
    expect(await open()).toEqual([{ n: 1 }]);
    const second = await pool.exports.open(deploymentId, operator);
    await expect(pool.exports.open(deploymentId, operator)).rejects.toMatchObject({ failure: { code: 'EXPORT.BUSY' } });
    for (const each of [stream, second]) each.destroy();
    await Promise.all([stream, second].map((each) => each.closed || once(each, 'close')));
    expect((await linesOf(deploymentId)).length).toBeGreaterThan(20_000);
  });

  it('is refused to another tenant as if there were nothing, and to whoever is suspended', async () => {
    const placement = await served();
    const { deploymentId, tenantId } = placement;
    const as = (tenant: string): Principal => ({ ...operator, scopes: [`tenant:${tenant}`], tenantId: tenant });
    await expect(linesOf(deploymentId, as(randomUUID()))).rejects.toMatchObject({
      failure: { code: 'EXPORT.UNKNOWN' },
    });
    await expect(linesOf(randomUUID())).rejects.toMatchObject({ failure: { status: 404 } });
    expect((await linesOf(deploymentId, as(tenantId))).length).toBeGreaterThan(1);
    await give(pool, placement, { version: 2, status: 'suspended' });
    await expect(linesOf(deploymentId)).rejects.toMatchObject({ failure: { code: 'EXPORT.REFUSED' } });
  });

  it('stays open to a retired deployment until its last day is over, and not after it', async () => {
    const time = new FakeClock('2026-04-11T23:59:59.999Z');
    const here = await newPool(time);
    const placement = await served(here);
    await give(here, placement, revoked(2));
    expect((await linesOf(placement.deploymentId, operator, here)).length).toBeGreaterThan(1);
    time.set(PURGE_AFTER);
    await expect(linesOf(placement.deploymentId, operator, here)).rejects.toMatchObject({ failure: { status: 410 } });
  });
});

describe('a retired deployment', () => {
  it('is removed when its last day is over and not before, once, by one of many replicas, and told once', async () => {
    const time = new FakeClock('2026-04-11T23:59:59.000Z');
    const three = [await newPool(time), await newPool(time), await newPool(time)];
    const [first] = three as [PurgingReplica];
    const placement = await served(first);
    const { deploymentId } = placement;
    await homeDatabase.query(
      `INSERT INTO level_report (deployment_id, meter, due_at) VALUES ($1, 'members', '2026-04-10T12:00:00Z')`,
      [deploymentId],
    );
    for (const each of three) await give(each, placement, revoked(2));
    await Promise.all(three.map((each) => each.purge.purgeDue()));
    expect(await existing(tenantDatabaseName(deploymentId))).toHaveLength(3);
    time.set(PURGE_AFTER);
    await Promise.all(three.map((each) => each.purge.purgeDue()));
    await Promise.all(three.map((each) => each.purge.purgeDue()));
    expect(await existing(tenantDatabaseName(deploymentId))).toEqual([]);
    const told = (await reports(deploymentId)).map(({ database }) => database.state);
    expect([told.at(-1), told.filter((state) => state === 'dropped')]).toEqual(['dropped', ['dropped']]);
    expect(await homeDatabase.query('SELECT 1 FROM level_report WHERE deployment_id = $1', [deploymentId])).toEqual([]);
    await expect(first.replica.tenancy.initialize(deploymentId)).rejects.toMatchObject({
      failure: { detail: 'PURGED' },
    });
  });

  it('is never removed by a clock that was set back, or under a license that another replica knows to be newer', async () => {
    const [early, late] = [new FakeClock('2026-04-11T00:00:00.000Z'), new FakeClock('2026-04-13T00:00:00.000Z')];
    const [behind, ahead] = [await newPool(early), await newPool(late)];
    const placement = await served(behind);
    for (const each of [behind, ahead]) await give(each, placement, revoked(2));
    await behind.purge.purgeDue();
    await give(behind, placement, { version: 3 });
    await behind.replica.keeper.save();
    await ahead.purge.purgeDue();
    expect(await existing(tenantDatabaseName(placement.deploymentId))).toHaveLength(3);
  });

  it('does not come back silently: restored after the drop, its database is missing until an operator says otherwise', async () => {
    const time = new FakeClock('2026-04-13T00:00:00.000Z');
    const here = await newPool(time);
    const placement = await served(here);
    await give(here, placement, revoked(2));
    await here.purge.purgeDue();
    await give(here, placement, { version: 3 });
    expect((await reports(placement.deploymentId)).at(-1)?.database).toMatchObject({
      state: 'failed',
      reason: 'DATABASE_MISSING',
    });
    expect(await existing(tenantDatabaseName(placement.deploymentId))).toEqual([]);
  });

  it('one that was restored before anything was dropped is served on', async () => {
    const placement = await served();
    const { deploymentId } = placement;
    await addMembers(pool, deploymentId, 3);
    await homeDatabase.query(
      `UPDATE tenant_database SET drop_intent_at = '2026-04-12T00:00:00Z' WHERE deployment_id = $1`,
      [deploymentId],
    );
    await pool.replica.handles.close(deploymentId);
    await expect(linesOf(deploymentId)).rejects.toMatchObject({ failure: { code: 'TENANCY.NOT_READY' } });
    await give(pool, placement, { version: 2 });
    expect((await linesOf(deploymentId)).filter(({ table }) => table === 'member')).toHaveLength(3);
  });

  it('takes its own home along: both databases, all logins, the Redis user and every key, told once in the name of that home', async () => {
    const time = new FakeClock('2026-04-11T00:00:00.000Z');
    const here = await newPool(time);
    const home = newDedicatedHome();
    const { deploymentId } = home;
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
    const answer = await here.enrollment.enroll({ homeId: home.homeId, deploymentId }, home.token);
    const redis = new Redis(redisUrl);
    const prefix = redisPrefix(home.homeId);
    await redis.mset(Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`${prefix}${at}`, 'x'])));
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, home, revoked(2)));
    await here.purge.purgeDue();
    await withSession(answer.homeDatabaseUrl, async (session) => session.query('SELECT 1'));
    time.set(PURGE_AFTER);
    await withSession(answer.homeDatabaseUrl, async (session) => {
      await here.purge.purgeDue();
      await expect(session.query('SELECT 1')).rejects.toThrow();
    });
    await here.purge.purgeDue();
    expect(await existing(tenantDatabaseName(deploymentId), homeDatabaseName(home.homeId))).toEqual([]);
    expect(await redis.keys(`${prefix}*`)).toEqual([]);
    expect(await here.redis.hasUser(home.homeId)).toBe(false);
    redis.disconnect();
    expect(await reports(deploymentId)).toMatchObject([{ homeId: home.homeId, database: { state: 'dropped' } }]);
    const again = here.enrollment.enroll({ homeId: home.homeId, deploymentId }, home.token);
    await expect(again).rejects.toMatchObject({ failure: { code: 'ENROLLMENT.PURGED' } });
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, home, { version: 3 }));
    const restored = here.enrollment.enroll({ homeId: home.homeId, deploymentId }, home.token);
    await expect(restored).rejects.toMatchObject({ failure: { code: 'ENROLLMENT.PURGED' } });
  });

  it('one whose home never enrolled has its end told too', async () => {
    const here = await newPool(new FakeClock('2026-04-13T00:00:00.000Z'));
    const home = newDedicatedHome();
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, home, revoked(1)));
    await here.purge.purgeDue();
    expect(await reports(home.deploymentId)).toMatchObject([{ homeId: home.homeId, database: { state: 'dropped' } }]);
  });
});
