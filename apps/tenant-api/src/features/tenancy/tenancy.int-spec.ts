import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeRoleNames, tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { querySql, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  requiredVariable,
  testPostgres,
  testUnitOfWork,
  waitFor,
  type TestPostgres,
  newPlacement,
  TestIssuer,
  type Placement,
} from '@biplane/testing';
import { dropHome } from '../../testing/drop-home.js';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';
import { serverNames } from './domain/server-names.js';
import { readTenantSchema } from './schema-folder.js';
import { urlFor, withSession } from './server-session.js';
import { ensureTemplate } from './tenant-template.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const fieldKey = newFieldKey();
const password = randomBytes(12).toString('hex');
const provisioner = homeRoleNames(homeId).provisioner;
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });

const replicas: HomeReplica[] = [];
let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;

const admin = async <Row extends object = Record<string, unknown>>(
  sql: string,
  params: unknown[] = [],
): Promise<Row[]> => withSession(superUrl, async (session) => (await session.query(sql, params)).rows as Row[]);

async function newReplica(): Promise<HomeReplica> {
  const options = {
    clock,
    unitOfWork,
    rootKey: issuer.rootPublicKey,
    provisionerUrl,
    homeId,
    region: 'eu-1',
    fieldKey,
  };
  const replica = new HomeReplica(options);
  replicas.push(replica);
  await replica.keeper.takeRecord(issuer.keyRecord('k1'));
  return replica;
}

/** A replica that holds the license, without the reconciler having been let loose on it. */
async function withLicense(placement: Placement, changes = {}): Promise<HomeReplica> {
  const replica = await newReplica();
  await give(replica, placement, changes);
  return replica;
}

async function give(replica: HomeReplica, placement: Placement, changes = {}): Promise<void> {
  const compact = issuer.sign(issuer.claims(placement, changes), 'k1');
  await replica.keeper.takeRecord(issuer.licenseRecord(placement.deploymentId, compact));
}

const applied = async (deploymentId: string) =>
  homeDatabase.query<{ value: string }>(
    `SELECT value FROM outbox WHERE topic = 'license.applied.eu-1' AND key = $1 ORDER BY id`,
    [deploymentId],
  );

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  await admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  // Several at once: one builds, the others find it.
  const names = await Promise.all([1, 2, 3].map(() => ensureTemplate({ provisionerUrl, homeId, schema })));
  expect(new Set(names)).toEqual(new Set([serverNames(homeId, schema.hash).template]));
});

afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('initialize', () => {
  it('makes a closed, marked, migrated database with its admin, and reports it once', async () => {
    const placement = newPlacement(homeId);
    const bootstrap = {
      adminUserId: randomUUID(),
      inviteTokenHash: 'a'.repeat(64),
      expiresAt: '2026-05-01T00:00:00.000Z',
    };
    const replica = await withLicense(placement, { bootstrap });
    await replica.reconciler.drain();
    const row = await replica.tenancy.initialize(placement.deploymentId);
    expect(row).toMatchObject({ state: 'ready', schemaVersion: schema.version, adminBootstrapped: true, epoch: 1 });
    const members = await replica.handles
      .resolve(placement.deploymentId)
      .read((reader) =>
        querySql(
          reader,
          'SELECT m.id::text, m.role, m.state, i.token_hash FROM member m JOIN member_invite i ON i.member_id = m.id',
        ),
      );
    expect(members).toEqual([
      { id: bootstrap.adminUserId, role: 'admin', state: 'invited', token_hash: 'a'.repeat(64) },
    ]);
    const reports = await applied(placement.deploymentId);
    expect(reports.map(({ value }) => JSON.parse(value) as unknown)).toMatchObject([
      {
        licenseVersion: 1,
        epoch: 1,
        database: { state: 'ready', schemaVersion: schema.version },
        adminBootstrapped: true,
      },
    ]);
    await replica.handles.beforeApplicationShutdown();
  });

  it('E4: eight replicas at once make one database, and one of them reports it', async () => {
    const placement = newPlacement(homeId);
    const eight = await Promise.all(Array.from({ length: 8 }, () => newReplica()));
    const compact = issuer.sign(issuer.claims(placement), 'k1');
    const record = issuer.licenseRecord(placement.deploymentId, compact);
    await Promise.all(eight.map((replica) => replica.keeper.takeRecord(record)));
    const rows = await Promise.all(eight.map((replica) => replica.tenancy.initialize(placement.deploymentId)));
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['ready']));
    await Promise.all(eight.map((replica) => replica.reconciler.drain()));
    expect(await applied(placement.deploymentId)).toHaveLength(1);
  });

  it('a newer license of a ready database is reported, an older one never', async () => {
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    await replica.reconciler.drain();
    await give(replica, placement, { version: 3 });
    await replica.reconciler.drain();
    const late = await withLicense(placement, { version: 2 });
    await late.reconciler.drain();
    const versions = (await applied(placement.deploymentId)).map(
      ({ value }) => (JSON.parse(value) as { licenseVersion: number }).licenseVersion,
    );
    expect(versions).toEqual([1, 3]);
  });

  it('a license that comes while its database is made is applied and reported when that is done', async () => {
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    const making = replica.tenancy.initialize(placement.deploymentId);
    const invite = {
      adminUserId: randomUUID(),
      inviteTokenHash: 'c'.repeat(64),
      expiresAt: '2026-05-01T00:00:00.000Z',
    };
    await give(replica, placement, { version: 2, bootstrap: invite });
    await making;
    await replica.reconciler.drain();
    await waitFor('the second report', async () => {
      const last = JSON.parse((await applied(placement.deploymentId)).at(-1)?.value ?? '{}') as Record<string, unknown>;
      return last['licenseVersion'] === 2 && last['adminBootstrapped'] === true;
    });
  });

  it('E4: a database with our name but without our mark is never adopted', async () => {
    const placement = newPlacement(homeId);
    const name = tenantDatabaseName(placement.deploymentId);
    await admin(`CREATE DATABASE ${name}`);
    try {
      const replica = await withLicense(placement);
      await expect(replica.tenancy.initialize(placement.deploymentId)).rejects.toMatchObject({
        failure: { code: 'TENANCY.FAILED', detail: 'DATABASE_FOREIGN' },
      });
      const last = (await applied(placement.deploymentId)).at(-1)?.value ?? '{}';
      expect(JSON.parse(last)).toMatchObject({ database: { state: 'failed', reason: 'DATABASE_FOREIGN' } });
    } finally {
      await admin(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  it("E4: a database that bears another deployment's mark is never adopted", async () => {
    const [mine, other] = [newPlacement(homeId), newPlacement(homeId)];
    const replica = await withLicense(other);
    await replica.reconciler.drain();
    await replica.handles.beforeApplicationShutdown();
    const [otherName, myName] = [other, mine].map(({ deploymentId }) => tenantDatabaseName(deploymentId));
    await admin(`ALTER DATABASE ${otherName} RENAME TO ${myName}`);
    await give(replica, mine);
    await expect(replica.tenancy.initialize(mine.deploymentId)).rejects.toMatchObject({
      failure: { detail: 'DATABASE_FOREIGN' },
    });
  });

  it('E2: a database that the server lost while it was created is created again', async () => {
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    await replica.reconciler.drain();
    await homeDatabase.query(
      `UPDATE tenant_database SET state = 'creating', ready_at = NULL WHERE deployment_id = $1`,
      [placement.deploymentId],
    );
    await admin(`DROP DATABASE ${tenantDatabaseName(placement.deploymentId)} WITH (FORCE)`);
    const row = await replica.tenancy.initialize(placement.deploymentId);
    expect(row.state).toBe('ready');
  });

  it('a ready database that disappears is reported, and only an operator may put an empty one in its place', async () => {
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    await replica.reconciler.drain();
    await admin(`DROP DATABASE ${tenantDatabaseName(placement.deploymentId)} WITH (FORCE)`);
    await replica.reconciler.verifyPresence();
    expect(JSON.parse((await applied(placement.deploymentId)).at(-1)?.value ?? '{}')).toMatchObject({
      database: { state: 'failed', reason: 'DATABASE_MISSING' },
    });
    await expect(replica.tenancy.initialize(placement.deploymentId)).rejects.toMatchObject({
      failure: { detail: 'DATABASE_MISSING' },
    });
    const row = await replica.tenancy.initialize(placement.deploymentId, { mayReplaceLost: true });
    expect(row.state).toBe('ready');
  });

  it.each([
    [
      'a role is gone',
      async (_name: string, roles: { runtime: string }) => {
        await admin(`DROP OWNED BY ${roles.runtime}`);
        await admin(`DROP ROLE ${roles.runtime}`);
      },
    ],
    [
      'a password was changed',
      async (_name: string, roles: { owner: string }) => {
        await admin(`ALTER ROLE ${roles.owner} PASSWORD 'other'`);
      },
    ],
    [
      'strangers may connect',
      async (name: string) => {
        await admin(`GRANT CONNECT ON DATABASE ${name} TO PUBLIC`);
      },
    ],
    [
      'nobody may connect',
      async (name: string) => {
        await admin(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
      },
    ],
  ])('E3: what is half there is finished: %s', async (_what, damage) => {
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    await replica.reconciler.drain();
    await replica.handles.beforeApplicationShutdown();
    const { deploymentId } = placement;
    const name = tenantDatabaseName(deploymentId);
    await damage(name, tenantRoleNames(deploymentId));
    await replica.tenancy.initialize(deploymentId);
    const again = await newReplica();
    await give(again, placement);
    const found = await again.handles
      .resolve(deploymentId)
      .read((reader) => querySql<{ id: string }>(reader, 'SELECT deployment_id::text AS id FROM tenant_info'));
    expect(found).toEqual([{ id: deploymentId }]);
    const [access] = await admin<{ open: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1 AND a.grantee = 0) AS open`,
      [name],
    );
    expect(access?.open).toBe(false);
    await again.handles.beforeApplicationShutdown();
  });

  it('E5: a template in use is waited for', async () => {
    const { template } = serverNames(homeId, schema.hash);
    await admin(`ALTER DATABASE ${template} WITH ALLOW_CONNECTIONS true`);
    const placement = newPlacement(homeId);
    const replica = await withLicense(placement);
    try {
      await withSession(urlFor(superUrl, template), async () => {
        void replica.reconciler.drain();
        await waitFor('the refused creation', async () => {
          const rows = await homeDatabase.query(`SELECT 1 FROM tenant_database WHERE deployment_id = $1`, [
            placement.deploymentId,
          ]);
          return rows.length === 1;
        });
      });
      expect((await replica.tenancy.initialize(placement.deploymentId)).state).toBe('ready');
    } finally {
      await admin(`ALTER DATABASE ${template} WITH ALLOW_CONNECTIONS false`);
    }
  });
});

describe('isolation', () => {
  it("F1: neither role of one deployment can reach another's database, and the runtime role cannot change tables", async () => {
    const [a, b] = [newPlacement(homeId), newPlacement(homeId)];
    const replica = await withLicense(a);
    await give(replica, b);
    await replica.reconciler.drain();
    const sealed = await homeDatabase.query<{ epoch: number; ownerSecret: string; runtimeSecret: string }>(
      `SELECT epoch, owner_secret AS "ownerSecret", runtime_secret AS "runtimeSecret" FROM tenant_database WHERE deployment_id = $1`,
      [a.deploymentId],
    );
    const passwords = replica.secrets.open(a.deploymentId, sealed[0]!);
    for (const database of [tenantDatabaseName(b.deploymentId), homeDatabase.name]) {
      if (database === homeDatabase.name) await admin(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
      for (const kind of ['owner', 'runtime'] as const) {
        const login = { user: tenantRoleNames(a.deploymentId)[kind], password: passwords[kind] };
        await expect(withSession(urlFor(superUrl, database, login), async () => undefined)).rejects.toMatchObject({
          code: '42501',
        });
      }
    }
    const handle = replica.handles.resolve(a.deploymentId);
    for (const sql of [
      'DROP TABLE member',
      'CREATE TABLE x (id int)',
      'UPDATE tenant_info SET deployment_id = NULL',
      'SET ROLE tenants_owner',
    ]) {
      await expect(handle.read((reader) => querySql(reader, sql))).rejects.toThrow();
    }
    // The secrets of one row do not open in another.
    expect(() => replica.secrets.open(b.deploymentId, sealed[0]!)).toThrow();
    await replica.handles.beforeApplicationShutdown();
  });

  it('F1: there is no handle for a deployment that this home does not serve', async () => {
    const elsewhere = newPlacement(randomUUID());
    const replica = await withLicense(elsewhere);
    expect(() => replica.handles.resolve(elsewhere.deploymentId)).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'TENANCY.DEPLOYMENT_UNKNOWN' }) }),
    );
    await expect(replica.tenancy.initialize(elsewhere.deploymentId)).rejects.toMatchObject({
      failure: { status: 404 },
    });
    const rows = await homeDatabase.query(`SELECT 1 FROM tenant_database WHERE deployment_id = $1`, [
      elsewhere.deploymentId,
    ]);
    expect(rows).toEqual([]);
  });
});
