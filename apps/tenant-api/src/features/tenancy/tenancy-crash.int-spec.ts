import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeRoleNames, tenantDatabaseName } from '@biplane/licensing';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  requiredVariable,
  spawnSource,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
  newPlacement,
  TestIssuer,
} from '@biplane/testing';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';
import type { ChildInput } from '../../testing/initialize.child.js';
import { dropHome } from '../../testing/drop-home.js';
import { readTenantSchema } from './schema-folder.js';
import { urlFor, withSession } from './server-session.js';
import { ensureTemplate } from './tenant-template.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const fieldKey = newFieldKey();
const password = randomBytes(12).toString('hex');
const { provisioner } = homeRoleNames(homeId);
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
const FAULT_POINTS = [
  'tenancy.after_intent',
  'tenancy.after_create_database',
  'tenancy.after_roles',
  'tenancy.after_mark',
  'tenancy.after_bootstrap',
];

let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await withSession(superUrl, async (session) => {
    await session.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  });
  await ensureTemplate({ provisionerUrl, homeId, schema });
});

afterAll(async () => {
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('a replica that is killed', () => {
  it.each(FAULT_POINTS)('E1, E3: killed at %s, another replica finishes what it left', async (point) => {
    // The child's clock is the machine's, so that is what the license is issued by.
    const clock = new FakeClock(new Date());
    const issuer = new TestIssuer('eu-1', clock.now());
    const placement = newPlacement(homeId);
    const invite = createHash('sha256').update(point).digest('hex');
    const bootstrap = { adminUserId: randomUUID(), inviteTokenHash: invite, expiresAt: '2027-01-01T00:00:00.000Z' };
    const compact = issuer.sign(issuer.claims(placement, { bootstrap }), 'k1');
    const records = [issuer.keyRecord('k1'), issuer.licenseRecord(placement.deploymentId, compact)];
    const input: ChildInput = {
      homeUrl: homeDatabase.url,
      provisionerUrl,
      homeId,
      deploymentId: placement.deploymentId,
      fieldKey: fieldKey.toString('base64'),
      rootJwk: issuer.rootPublicKey.export({ format: 'jwk' }) as Record<string, string>,
      records: records.map(({ topic, key, headers, value }) => ({
        topic,
        key: String(key),
        headers: headers as Record<string, string>,
        value: String(value),
      })),
    };
    const child = spawnSource(new URL('../../testing/initialize.child.ts', import.meta.url), input, {
      FAULT_POINTS: point,
      NODE_ENV: 'test',
    });
    const ended = await child.ended;
    expect(ended).toMatchObject({ signal: 'SIGKILL' });

    const rootKey = issuer.rootPublicKey;
    const options = { clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey };
    const replica = new HomeReplica(options);
    for (const record of records) await replica.keeper.takeRecord(record);
    const row = await replica.tenancy.initialize(placement.deploymentId);
    expect(row).toMatchObject({
      state: 'ready',
      adminBootstrapped: true,
      name: tenantDatabaseName(placement.deploymentId),
    });
    await replica.close();
    const reports = await homeDatabase.query(`SELECT 1 FROM outbox WHERE key = $1`, [placement.deploymentId]);
    expect(reports).toHaveLength(1);
  });
});
