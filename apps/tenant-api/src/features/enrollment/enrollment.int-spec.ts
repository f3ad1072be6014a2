import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeDatabaseName, homeRoleNames, tenantDatabaseName, type LicenseClaims } from '@biplane/licensing';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  requiredVariable,
  testPostgres,
  testUnitOfWork,
  TestIssuer,
  type TestPostgres,
} from '@biplane/testing';
import { homeMigrationsFolder } from '../../database.js';
import { redisPrefix } from '../../redis-prefix.js';
import { dropHome } from '../../testing/drop-home.js';
import {
  dedicatedLicense,
  newDedicatedHome,
  PoolReplica,
  type DedicatedHome,
  type PoolOptions,
} from '../../testing/enrollment-rig.js';
import { newFieldKey } from '../../testing/home-rig.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../tenancy/index.js';
import type { EnrollmentAnswer } from './enrollment.dto.js';
import { prepareHomeDatabase } from './home-enrollment.js';

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

const pools: PoolReplica[] = [];
const enrolled: string[] = [];
let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;
let pool: PoolReplica;

const admin = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> =>
  withSession(superUrl, async (session) => (await session.query(sql, params)).rows as Row[]);

async function newPool(changes: Partial<PoolOptions> = {}): Promise<PoolReplica> {
  const rootKey = issuer.rootPublicKey;
  const options = {
    clock,
    unitOfWork,
    rootKey,
    provisionerUrl,
    homeId,
    region: 'eu-1',
    fieldKey,
    redisUrl,
    ...changes,
  };
  const made = new PoolReplica(options);
  pools.push(made);
  await made.replica.keeper.takeRecord(issuer.keyRecord('k1'));
  return made;
}

/** A home whose license the pools hold. */
async function licensed(changes: Partial<LicenseClaims> = {}, holders = [pool]): Promise<DedicatedHome> {
  const home = newDedicatedHome();
  enrolled.push(home.homeId);
  const record = dedicatedLicense(issuer, home, changes);
  for (const { replica } of holders) await replica.keeper.takeRecord(record);
  return home;
}

const enroll = ({ homeId: id, deploymentId, token }: DedicatedHome, at = pool): Promise<EnrollmentAnswer> =>
  at.enrollment.enroll({ homeId: id, deploymentId }, token);

const can = (url: string, sql = 'SELECT 1'): Promise<unknown> =>
  withSession(url, async (session) => (await session.query(sql)).rows);

const tenantOf = ({ tenantDatabase }: EnrollmentAnswer) => {
  if (tenantDatabase === null) throw new Error('No tenant database was given');
  return tenantDatabase;
};

const placedAt = (id: string, epoch: number, more: object = {}): Partial<LicenseClaims> => ({
  version: epoch + 1,
  placement: { homeId: id, epoch, phase: 'serving', url: 'https://eu-1.example', ...more },
});

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  await admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  await ensureTemplate({ provisionerUrl, homeId, schema });
  pool = await newPool();
});

afterAll(async () => {
  for (const id of enrolled) {
    await pool.redis.dropUser(id);
    await pool.redis.dropKeys(redisPrefix(id));
  }
  for (const each of pools) await each.close();
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('an enrollment', () => {
  it('gives a home its databases, logins and keys, and the same ones whenever it asks again', async () => {
    const home = await licensed();
    const answer = await enroll(home);
    expect(answer).toMatchObject({
      homeId: home.homeId,
      tenantDatabase: { name: tenantDatabaseName(home.deploymentId), epoch: 1, markHomeId: homeId },
      kafka: { username: 'home-eu-1' },
      redis: { isConfined: true },
    });
    await can(answer.homeMigrationDatabaseUrl, 'CREATE TABLE made_by_owner (id int)');
    await can(answer.homeDatabaseUrl);
    await can(tenantOf(answer).runtimeUrl, 'SELECT count(*) FROM member');
    expect(await enroll(home)).toEqual(answer);
  });

  it('E4: three replicas and eight pods at once make everything once, and all are told the same', async () => {
    const three = await Promise.all([newPool(), newPool(), newPool()]);
    const home = await licensed({}, [pool, ...three]);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => enroll(home, three[at % 3])));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await can(answers[0]?.homeDatabaseUrl ?? '');
  });

  it('three replicas at once bring the home database to this program, and its runtime role may use it', async () => {
    const answer = await enroll(await licensed());
    await Promise.all([1, 2, 3].map(() => prepareHomeDatabase(answer, homeMigrationsFolder)));
    await can(answer.homeDatabaseUrl, 'SELECT count(*) FROM tenant_database');
    await expect(can(answer.homeDatabaseUrl, 'DROP TABLE tenant_database')).rejects.toMatchObject({ code: '42501' });
  });

  it('a token that is not that of the home opens nothing and makes nothing, and is told nowhere', async () => {
    const [home, other] = [await licensed(), await licensed()];
    const stranger = newDedicatedHome();
    const refused = async (as: DedicatedHome, code: string) =>
      expect(enroll(as)).rejects.toMatchObject({ failure: { code: `ENROLLMENT.${code}` } });
    await refused({ ...home, token: other.token }, 'TOKEN_REFUSED');
    await refused({ ...home, token: `${home.token}x` }, 'TOKEN_REFUSED');
    await refused({ ...home, homeId: other.homeId }, 'UNKNOWN');
    await refused({ ...home, deploymentId: other.deploymentId }, 'UNKNOWN');
    await refused(stranger, 'UNKNOWN');
    await expect(
      pool.enrollment.enroll({ homeId: home.homeId, deploymentId: home.deploymentId, epoch: 7 }, home.token),
    ).rejects.toMatchObject({ failure: { code: 'ENROLLMENT.EPOCH_MISMATCH' } });
    const names = [home, other, stranger].flatMap((each) => [
      homeDatabaseName(each.homeId),
      tenantDatabaseName(each.deploymentId),
    ]);
    expect(await admin('SELECT 1 FROM pg_database WHERE datname = ANY($1)', [names])).toEqual([]);
    expect(await homeDatabase.query('SELECT 1 FROM enrolled_home WHERE home_id = $1', [home.homeId])).toEqual([]);
  });

  it('a token is worth nothing once a newer license names another home or none', async () => {
    const home = await licensed();
    await enroll(home);
    const next = newDedicatedHome();
    await pool.replica.keeper.takeRecord(
      dedicatedLicense(issuer, { ...home, enrollment: next.enrollment }, { version: 2 }),
    );
    await expect(enroll(home)).rejects.toMatchObject({ failure: { status: 404 } });
  });

  it('what is sealed in the registry is the text of no secret, and opens in no other row', async () => {
    const [home, other] = [await licensed(), await licensed()];
    const answer = await enroll(home);
    await enroll(other);
    const rows = await homeDatabase.query<{ line: string }>('SELECT to_jsonb(e)::text AS line FROM enrolled_home e');
    const all = rows.map(({ line }) => line).join('\n');
    const passwords = [answer.homeDatabaseUrl, answer.redis.url, tenantOf(answer).ownerUrl].map((url) =>
      decodeURIComponent(new URL(url).password),
    );
    for (const secret of [...passwords, answer.fieldKeys.keys['1'] ?? '', answer.tokenKey.slice(40, 80), home.token]) {
      expect(all.includes(secret)).toBe(false);
    }
    await homeDatabase.query(
      `UPDATE enrolled_home SET owner_secret = (SELECT owner_secret FROM enrolled_home WHERE home_id = $1) WHERE home_id = $2`,
      [home.homeId, other.homeId],
    );
    await expect(enroll(other)).rejects.toMatchObject({ failure: { status: 503 } });
  });

  it('gives the clients of the region and of the tenant, and those of no other tenant', async () => {
    const home = newDedicatedHome();
    const client = (id: string, ...scopes: string[]) => ({ id, secretHash: 'h', scopes, regions: null });
    const clients = [
      client('submitter', 'usage:submit'),
      client('own', `tenant:${home.tenantId}`),
      client('foreign', 'entitlements:check', `tenant:${randomUUID()}`),
    ];
    const withClients = await newPool({ parts: { clients: () => clients } });
    await withClients.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
    enrolled.push(home.homeId);
    expect((await enroll(home, withClients)).clients.map(({ id }) => id)).toEqual(['submitter', 'own']);
  });

  it('is told where mail goes as its pool reads it then, and nothing where the pool sends none', async () => {
    const credentials = { username: 'biplane', password: 's' };
    const mail = { url: 'smtps://mail.internal', from: 'post@biplane.example', credentials, certificates: null };
    const home = newDedicatedHome();
    const withMail = await newPool({ parts: { mail: () => mail } });
    await withMail.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
    enrolled.push(home.homeId);
    expect((await enroll(home, withMail)).mail).toEqual(mail);
    expect((await enroll(await licensed())).mail).toBeNull();
  });
});

describe('what a home was given', () => {
  it("F1: no login of a home reaches another home's database, or another tenant's", async () => {
    const [mine, other] = [await enroll(await licensed()), await enroll(await licensed())];
    const [home, tenant] = [new URL(other.homeDatabaseUrl).pathname, new URL(tenantOf(other).runtimeUrl).pathname];
    for (const url of [mine.homeDatabaseUrl, mine.homeMigrationDatabaseUrl, tenantOf(mine).ownerUrl]) {
      for (const foreign of [home, tenant, `/${homeDatabase.name}`]) {
        if (foreign.endsWith(homeDatabase.name)) {
          await admin(`REVOKE CONNECT ON DATABASE ${homeDatabase.name} FROM PUBLIC`);
        }
        const there = Object.assign(new URL(url), { pathname: foreign });
        await expect(can(there.toString())).rejects.toMatchObject({ code: '42501' });
      }
    }
    await expect(can(mine.homeDatabaseUrl, 'CREATE DATABASE stolen')).rejects.toMatchObject({ code: '42501' });
    await expect(can(mine.homeMigrationDatabaseUrl, 'CREATE ROLE stolen')).rejects.toMatchObject({ code: '42501' });
  });

  it('E18: the Redis login of a home reads, writes and lists no key of another, and a server that forgot it is told again', async () => {
    const [mine, other] = [await licensed(), await licensed()];
    const [own, foreign] = [await enroll(mine), await enroll(other)];
    const open = (url: string) => new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    const [redis, theirs] = [open(own.redis.url), open(foreign.redis.url)];
    try {
      const key = `${redisPrefix(other.homeId)}queue`;
      await theirs.set(key, 'theirs');
      await redis.set(`${redisPrefix(mine.homeId)}queue`, 'ours');
      const attempts = [
        redis.get(key),
        redis.set(key, 'x'),
        redis.del(key),
        redis.keys('*'),
        redis.scan('0'),
        redis.flushall(),
        redis.call('CONFIG', 'GET', '*'),
        redis.call('ACL', 'LIST'),
        redis.publish(key, 'x'),
        redis.eval(`return redis.call('GET', '${key}')`, 0),
        redis.get(`${redisPrefix(mine.homeId).slice(0, -1)}0:nested`),
      ];
      for (const attempt of await Promise.allSettled(attempts)) {
        expect(attempt).toMatchObject({
          status: 'rejected',
          reason: { message: expect.stringMatching(/NOPERM|permission|ACL|can't access/) },
        });
      }
      await pool.redis.dropUser(mine.homeId);
      await expect(open(own.redis.url).ping()).rejects.toThrow();
      await pool.jobs.ensureUsers();
      const again = open(own.redis.url);
      expect(await again.get(`${redisPrefix(mine.homeId)}queue`)).toBe('ours');
      again.disconnect();
    } finally {
      redis.disconnect();
      theirs.disconnect();
    }
  });

  it('where Redis makes no users the home gets the login of the region, and is told that nothing confines it', async () => {
    const limited = new Redis(redisUrl);
    const [name, secret] = [`pool_${randomBytes(4).toString('hex')}`, randomBytes(8).toString('hex')];
    await limited.call('ACL', 'SETUSER', name, 'on', `>${secret}`, '~*', '&*', '+@all', '-@admin');
    try {
      const url = Object.assign(new URL(redisUrl), { username: name, password: secret }).toString();
      const here = await newPool({ redisUrl: url });
      const home = await licensed({}, [here]);
      expect((await enroll(home, here)).redis).toEqual({ url, isConfined: false });
    } finally {
      await limited.call('ACL', 'DELUSER', name);
      limited.disconnect();
    }
  });

  it('a database that was made once and is gone is told, never replaced by an empty one', async () => {
    const home = await licensed();
    await enroll(home);
    await admin(`DROP DATABASE ${tenantDatabaseName(home.deploymentId)} WITH (FORCE)`);
    await expect(enroll(home)).rejects.toMatchObject({
      failure: { code: 'ENROLLMENT.DATABASE_REFUSED', detail: 'DATABASE_MISSING' },
    });
  });

  it('a database with the name of ours that another made is never given', async () => {
    const home = await licensed();
    const name = homeDatabaseName(home.homeId);
    await admin(`CREATE DATABASE ${name}`);
    try {
      await expect(enroll(home)).rejects.toMatchObject({ failure: { detail: 'DATABASE_FOREIGN' } });
    } finally {
      await admin(`DROP DATABASE ${name}`);
    }
  });
});

describe('a move between homes', () => {
  it('E16: the next home has logins of its own, and a fence puts the old ones out for good, whoever asks for them again', async () => {
    const home = await licensed();
    const [first, next] = [await enroll(home), newDedicatedHome()];
    enrolled.push(next.homeId);
    const { deploymentId, tenantId } = home;
    const target = { ...next, deploymentId, tenantId };
    const url = 'https://own.example';
    const moving = placedAt(home.homeId, 1, { next: { homeId: next.homeId, epoch: 2, url } });
    await pool.replica.keeper.takeRecord(dedicatedLicense(issuer, { ...target, homeId: home.homeId }, moving));
    const standby = await enroll(target);
    expect(tenantOf(standby)).toMatchObject({ epoch: 2, name: tenantOf(first).name });
    const login = (answer: EnrollmentAnswer) => new URL(tenantOf(answer).runtimeUrl).username;
    expect(login(standby)).toBe(`${login(first)}_e2`);
    await can(tenantOf(standby).runtimeUrl, 'SELECT count(*) FROM member');

    await withSession(tenantOf(first).runtimeUrl, async (old) => {
      await pool.homes.fence(deploymentId, 1);
      await expect(old.query('SELECT 1')).rejects.toThrow();
    });
    await expect(can(tenantOf(first).runtimeUrl)).rejects.toMatchObject({ code: '28000' });
    await can(tenantOf(standby).runtimeUrl);
    // A replica that never heard of the move holds the license of the first placement.
    const stale = await newPool();
    await stale.replica.keeper.takeRecord(dedicatedLicense(issuer, home));
    await expect(enroll(home, stale)).rejects.toMatchObject({ failure: { code: 'ENROLLMENT.EPOCH_MISMATCH' } });
    await expect(can(tenantOf(first).ownerUrl)).rejects.toMatchObject({ code: '28000' });
  });

  it('E16: a pool that was left gets back in under new logins only, and not at all by an old license', async () => {
    const home = newDedicatedHome();
    enrolled.push(home.homeId);
    const shared = { ...home, homeId };
    const here = await newPool();
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, shared, { version: 1 }));
    await here.replica.reconciler.drain();
    const read = () => here.replica.handles.resolve(home.deploymentId).read(async () => 'read');
    expect(await read()).toBe('read');
    await here.homes.fence(home.deploymentId, 1);
    const stale = await newPool();
    await stale.replica.keeper.takeRecord(dedicatedLicense(issuer, shared, { version: 1 }));
    await expect(stale.replica.tenancy.initialize(home.deploymentId)).rejects.toMatchObject({
      failure: { status: 421 },
    });
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, home, { ...placedAt(home.homeId, 2) }));
    await enroll(home, here);
    await here.replica.keeper.takeRecord(dedicatedLicense(issuer, shared, { ...placedAt(homeId, 3) }));
    await here.replica.reconciler.drain();
    expect(await read()).toBe('read');
    const logins = await admin<{ name: string; may: boolean }>(
      `SELECT rolname AS name, rolcanlogin AS may FROM pg_roles WHERE rolname LIKE $1 ORDER BY rolname`,
      [`${tenantDatabaseName(home.deploymentId)}%`],
    );
    expect(logins.filter(({ name }) => !name.includes('owner')).map(({ may }) => may)).toEqual([false, true, true]);
    // Placed here again, its own home has nothing to serve, and still may send what it counted.
    expect((await enroll(home, here)).tenantDatabase).toBeNull();
  });
});
