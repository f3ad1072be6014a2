import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { licensesDigest, type InstanceStatus, type LicenseApplied } from '@biplane/contracts';
import { eventRecord, type BrokerMessage, type BrokerProducer } from '@biplane/messaging';
import { openApiDocument } from '@biplane/service-kit';
import {
  AnswerSchemas,
  checkInvariants,
  eventually,
  readTopic,
  seedOfRun,
  ServiceClient,
  shuffleAndRepeat,
  testKafka,
  testPostgres,
  waitFor,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { DOCS } from '../../app.module.js';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

interface License {
  version: number;
  signed: string;
  document: { jti: string };
  enforcedBy: { instanceId: string; version: number; database: string }[];
  propagation: { issuedAt: string; lastAppliedAt: string | null; millis: number | null };
}

const startAt = '2026-03-31T10:00:00.000Z';
const homeId = randomUUID();
const seed = seedOfRun();
let postgres: TestPostgres;
let kafka: TestKafka;
let core: RunningCore;
let admin: ServiceClient;
let producer: BrokerProducer;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
  core = await runCore({
    databaseUrl: postgres.url,
    regions: [kafka.region],
    kafka: kafka.connection('core'),
    startAt,
  });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: kafka.region, homeId, key: core.key });
  producer = kafka.broker('home').producer();
});
afterAll(async () => {
  await producer?.close();
  await core?.close();
  await checkInvariants(postgres.url);
  await kafka?.close();
  await postgres?.drop();
});

async function tenant(): Promise<{ deploymentId: string; operationId: string }> {
  const body = tenantBody(`t-${randomUUID().slice(0, 8)}`, kafka.region);
  const answer = await admin.post('/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
  const created = answer.body as { deployment: { id: string }; operation: { id: string } };
  return { deploymentId: created.deployment.id, operationId: created.operation.id };
}
const licenseOf = async (id: string) => (await admin.expect(200, 'GET', `/api/v1/licenses/${id}`)) as License;
const get = async <T>(path: string) => (await admin.expect(200, 'GET', path)) as T;

function applied(deploymentId: string, jti: string, over: Partial<LicenseApplied> = {}): BrokerMessage {
  const data: LicenseApplied = {
    deploymentId,
    homeId,
    epoch: 1,
    licenseVersion: 1,
    licenseJti: jti,
    appliedAt: startAt,
    database: {
      state: 'ready',
      name: `tenant_${deploymentId.replaceAll('-', '')}`,
      schemaVersion: '20260101000000_init',
    },
    adminBootstrapped: true,
    ...over,
  };
  return message('LicenseApplied', deploymentId, data);
}

function status(instanceId: string, over: Partial<InstanceStatus> = {}): BrokerMessage {
  const data: InstanceStatus = {
    instanceId,
    homeId,
    region: kafka.region,
    kids: [core.key.kid],
    applied: [],
    licensesDigest: licensesDigest([]),
    licenseCount: 0,
    refused: 0,
    schemaVersion: '20260101000000_init',
    draining: false,
    at: startAt,
    ...over,
  };
  return message('InstanceStatus', instanceId, data);
}

function message(
  name: 'LicenseApplied' | 'InstanceStatus',
  key: string,
  data: LicenseApplied | InstanceStatus,
): BrokerMessage {
  const time = new Date(startAt);
  return eventRecord(name, {
    topic: kafka.topics.applied,
    key,
    id: randomUUID(),
    source: `home:${homeId}`,
    subject: key,
    time,
    data: data as never,
  });
}

describe('reports of a home', () => {
  it('sends the signed license to the region, and becomes ready only by license.applied', async () => {
    const { deploymentId, operationId } = await tenant();
    const license = await licenseOf(deploymentId);
    const records = await eventually(async () => {
      const found = (await readTopic(kafka.broker('topics'), kafka.topics.issued)).filter(
        ({ key }) => key?.toString() === deploymentId,
      );
      expect(found).toHaveLength(1);
      return found;
    });
    expect(JSON.parse(records[0]!.value!.toString())).toEqual({ deploymentId, license: license.signed });
    expect(await get(`/api/v1/operations/${operationId}`)).toMatchObject({ state: 'running' });

    await producer.send([
      applied(deploymentId, license.document.jti, {
        adminBootstrapped: false,
        database: { state: 'creating', name: `tenant_${deploymentId.replaceAll('-', '')}`, schemaVersion: null },
      }),
      applied(deploymentId, license.document.jti),
    ]);
    await waitFor(
      'the operation to succeed',
      async () => (await get<{ state: string }>(`/api/v1/operations/${operationId}`)).state === 'succeeded',
    );
    const deployment = await get<{ phase: string; firstReadyAt: string }>(`/api/v1/deployments/${deploymentId}`);
    expect(deployment).toMatchObject({ phase: 'ready', firstReadyAt: expect.stringContaining('2026-03-31T10:') });
    // The next version needs no bootstrap any more.
    await admin.expect(200, 'POST', `/api/v1/licenses/${deploymentId}/reissue`, { reason: 'test' });
    expect((await licenseOf(deploymentId)).document).not.toHaveProperty('bootstrap');
  });

  it(`A3, A4: records delivered twice and in any order end where they would in order (seed ${seed})`, async () => {
    const { deploymentId } = await tenant();
    for (let version = 2; version <= 4; version += 1) {
      await admin.expect(200, 'POST', `/api/v1/licenses/${deploymentId}/reissue`, { reason: 'test' });
    }
    const instanceId = `home-${randomUUID()}`;
    const jti = (await licenseOf(deploymentId)).document.jti;
    const records = [1, 2, 3, 4].flatMap((licenseVersion) => [
      applied(deploymentId, jti, { licenseVersion, adminBootstrapped: false }),
      applied(deploymentId, jti, { licenseVersion }),
      status(instanceId, {
        applied: [{ deploymentId, version: licenseVersion }],
        at: new Date(Date.parse(startAt) + licenseVersion).toISOString(),
      }),
    ]);
    await producer.send(shuffleAndRepeat(records, seed));
    await waitFor('version 4 to be enforced', async () => {
      const { enforcedBy } = await licenseOf(deploymentId);
      return enforcedBy.some((instance) => instance.instanceId === instanceId && instance.version === 4);
    });
    const settled = async () =>
      (
        await postgres.query(
          `SELECT license_version::int, database_state, admin_bootstrapped FROM license_applied WHERE deployment_id = $1`,
          [deploymentId],
        )
      )[0];
    await eventually(async () =>
      expect(await settled()).toEqual({ license_version: 4, database_state: 'ready', admin_bootstrapped: true }),
    );
    const before = await postgres.query(`SELECT * FROM license_applied WHERE deployment_id = $1`, [deploymentId]);
    const last = await tenant();
    await producer.send([
      ...shuffleAndRepeat(records, seed + 1),
      applied(last.deploymentId, (await licenseOf(last.deploymentId)).document.jti),
    ]);
    await waitFor(
      'the record after them',
      async () => (await get<{ state: string }>(`/api/v1/operations/${last.operationId}`)).state === 'succeeded',
    );
    expect(await postgres.query(`SELECT * FROM license_applied WHERE deployment_id = $1`, [deploymentId])).toEqual(
      before,
    );
    const { enforcedBy } = await licenseOf(deploymentId);
    expect(enforcedBy.find((instance) => instance.instanceId === instanceId)).toMatchObject({
      version: 4,
      database: 'ready',
    });
  });

  it('F1: a home that the deployment is not placed at, or a version that was never issued, changes nothing and is kept', async () => {
    const { deploymentId, operationId } = await tenant();
    const jti = (await licenseOf(deploymentId)).document.jti;
    await producer.send([
      applied(deploymentId, jti, { homeId: randomUUID() }),
      applied(deploymentId, jti, { licenseVersion: 99 }),
      applied(randomUUID(), jti),
      status(`forged-${randomUUID()}`, { homeId: randomUUID() }),
    ]);
    await waitFor('four records in quarantine', async () => {
      const rows = await postgres.query<{ reason: string }>(`SELECT reason FROM license_quarantine ORDER BY reason`);
      return (
        rows.map((row) => row.reason).join() === 'DEPLOYMENT_UNKNOWN,HOME_NOT_PLACED,HOME_UNKNOWN,VERSION_NEVER_ISSUED'
      );
    });
    expect(await get(`/api/v1/operations/${operationId}`)).toMatchObject({ state: 'running' });
    expect(await postgres.query(`SELECT 1 FROM license_applied WHERE deployment_id = $1`, [deploymentId])).toEqual([]);
  });

  it('a status that was lost is healed by the digest of the next, and propagation counts the last live instance', async () => {
    const { deploymentId } = await tenant();
    const lines = await postgres.query<{ deploymentId: string; version: number; jti: string }>(
      `SELECT deployment_id AS "deploymentId", version::int, jti FROM license_head WHERE home_id = $1`,
      [homeId],
    );
    const [first, second] = [`a-${randomUUID()}`, `b-${randomUUID()}`];
    const complete = { licensesDigest: licensesDigest(lines), licenseCount: lines.length };
    await producer.send([status(first), status(second)]);
    await producer.send([status(first, { ...complete, at: new Date(Date.parse(startAt) + 1).toISOString() })]);
    await waitFor('the first to be known', async () =>
      (await licenseOf(deploymentId)).enforcedBy.some(({ instanceId }) => instanceId === first),
    );
    expect((await licenseOf(deploymentId)).propagation.millis).toBeNull();
    const pendingOf = `license_propagation_pending_seconds{region="${kafka.region}"`;
    const scrape = async () => (await fetch(`${core.url}/metrics`)).text();
    await waitFor('what waits to be measured', async () => (await scrape()).includes(pendingOf));
    // Instances of other tests are live too: they report that they are draining and count no more.
    const others = await postgres.query<{ id: string }>(`SELECT id FROM instance WHERE id <> $1 AND id <> $2`, [
      first,
      second,
    ]);
    const later = new Date(Date.parse(startAt) + 60_000).toISOString();
    await producer.send(others.map(({ id }) => status(id, { draining: true, at: later })));
    await producer.send([status(second, { ...complete, at: later })]);
    const view = await waitFor('propagation', async () => {
      const found = await licenseOf(deploymentId);
      return found.propagation.millis !== null && found;
    });
    expect(view.enforcedBy.map(({ instanceId }) => instanceId)).toEqual([first, second].sort());
    const schemas = new AnswerSchemas(openApiDocument(core.app, DOCS));
    const ofLicense = await admin.get(`/api/v1/licenses/${deploymentId}`);
    const ofPage = await admin.get(`/api/v1/deployments/${deploymentId}`);
    expect(schemas.mistakes('GET', '/api/v1/licenses/{deploymentId}', ofLicense)).toEqual([]);
    expect(schemas.mistakes('GET', '/api/v1/deployments/{id}', ofPage)).toEqual([]);
    expect(view.propagation.millis).toBeGreaterThan(0);
    const metrics = await (await fetch(`${core.url}/metrics`)).text();
    expect(metrics).toContain(`license_propagation_seconds_count{region="${kafka.region}"`);
  });

  it('a home that is behind for a minute is sent the same bytes again', async () => {
    const { deploymentId } = await tenant();
    const license = await licenseOf(deploymentId);
    await producer.send([status(`lagging-${randomUUID()}`)]);
    await waitFor(
      'the instance',
      async () => (await postgres.query(`SELECT 1 FROM instance WHERE id LIKE 'lagging-%'`)).length === 1,
    );
    core.setClock(new Date(Date.parse(startAt) + 100_000).toISOString());
    await waitFor('the record again', async () => {
      const sent = await postgres.query<{ value: string }>(`SELECT value FROM outbox WHERE topic = $1 AND key = $2`, [
        kafka.topics.issued,
        deploymentId,
      ]);
      return (
        sent.length === 2 &&
        sent.every(({ value }) => (JSON.parse(value) as { license: string }).license === license.signed)
      );
    });
    expect((await licenseOf(deploymentId)).version).toBe(1);
  });
});
