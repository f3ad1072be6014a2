import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ClientToken,
  createLicenseGate,
  HomeCounter,
  UsageClient,
  type CountedDecision,
  type LicenseGate,
} from '@biplane/license-gate';
import { KafkaFeed } from '@biplane/license-gate/kafka';
import { homeRoleNames } from '@biplane/licensing';
import { bootstrap, loadEnv, type RunningService } from '@biplane/service-kit';
import {
  requiredVariable,
  testKafka,
  testPostgres,
  waitFor,
  type TestKafka,
  type TestPostgres,
  newPlacement,
  TestIssuer,
} from '@biplane/testing';
import { AppModule, DOCS } from './app.module.js';
import { environmentSpec, redisPrefix } from './environment.js';
import { ensureTemplate, readTenantSchema } from './features/tenancy/index.js';
import { urlFor, withSession } from './features/tenancy/server-session.js';
import { writeAppFiles } from './testing/app-files.js';
import { dropHome } from './testing/drop-home.js';

const ACTION = 'financials:automated_billing';
const superUrl = requiredVariable('TEST_POSTGRES_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const { provisioner } = homeRoleNames(homeId);
const password = randomBytes(12).toString('hex');
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
const { deploymentId, ...placed } = newPlacement(homeId);
const kid = `k-${randomUUID()}`;

let kafka: TestKafka;
let database: TestPostgres;
let home: RunningService;
let gate: LicenseGate;
let counter: HomeCounter;
let usage: UsageClient;
const folders: string[] = [];

/** A home as it runs, and beside it a service that has installed libs/license-gate. */
beforeAll(async () => {
  kafka = await testKafka();
  database = await testPostgres('home');
  await withSession(superUrl, async (session) => {
    await session.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  });
  await ensureTemplate({ provisionerUrl, homeId, schema });
  const issuer = new TestIssuer(kafka.region, new Date());
  const compact = issuer.sign(issuer.claims({ deploymentId, ...placed }), kid);
  const producer = kafka.broker('core').producer();
  await producer.send([issuer.keyRecord(kid), issuer.licenseRecord(deploymentId, compact)]);
  await producer.close();
  const files = await writeAppFiles(issuer.rootPublicKey, [
    { id: 'gate', secret: 'g', scopes: ['entitlements:check'] },
    { id: 'usage', secret: 'u', scopes: ['usage:submit'], regions: [kafka.region] },
  ]);
  const connection = kafka.connection('home');
  const typed = loadEnv(environmentSpec, {
    ...files.environment,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    HTTP_PORT: '0',
    INTERNAL_PORT: '0',
    LOG_LEVEL: 'fatal',
    INSTANCE_ID: `app-${randomUUID()}`,
    KAFKA_BROKERS: connection.brokers.join(','),
    KAFKA_USERNAME: connection.username ?? '',
    KAFKA_PASSWORD: connection.password ?? '',
    HOME_ID: homeId,
    HOME_KIND: 'shared',
    REGION: kafka.region,
    HOME_DATABASE_URL: database.url,
    PROVISIONER_DATABASE_URL: provisionerUrl,
    REDIS_URL: requiredVariable('TEST_REDIS_URL'),
    REDIS_PREFIX: redisPrefix(homeId),
  });
  const options = { host: '127.0.0.1', port: 0, internalPort: 0, docs: DOCS, handleSignals: false };
  home = await bootstrap({ module: AppModule.forRoot(typed), ...options });
  const spoolFolder = mkdtempSync(join(tmpdir(), 'biplane-spool-'));
  folders.push(files.folder, spoolFolder);
  counter = new HomeCounter({ url: home.internalUrl ?? '', clientId: 'gate', clientSecret: 'g' });
  gate = createLicenseGate({
    rootKey: issuer.rootPublicKey,
    feed: new KafkaFeed({ kafka: connection, region: kafka.region, service: 'connectors' }),
    counter,
    homeId,
  });
  const token = new ClientToken({ tokenUrl: `${home.url}/oauth/token`, clientId: 'usage', clientSecret: 'u' });
  usage = new UsageClient({ url: `${home.url}/api/v1/usage`, token, spoolFolder, source: 'connectors', gatherMs: 10 });
  await gate.start();
  await gate.whenRead();
  await waitFor('the home', async () => (await fetch(`${home.url}/health/ready`)).status === 200);
});

afterAll(async () => {
  await usage?.close();
  await gate?.stop();
  await home?.close();
  await database.drop();
  await dropHome(superUrl, homeId, schema.hash);
  await kafka.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Asked until an answer comes in time, on a busy machine too. What is held is held under one key: a lost answer holds nothing twice. */
function check(quantity: string, reserve = false): Promise<CountedDecision> {
  const use = { meter: 'api_calls', quantity, ...(reserve && { reserve, idempotencyKey: randomUUID() }) };
  return waitFor('an answer of the home', async () => {
    const decision = await gate.check(deploymentId, ACTION, use);
    return decision.code !== 'LIMIT.UNAVAILABLE' && decision;
  });
}

describe('a tenant service beside this home', () => {
  it('uses a limit up that the home counts: usage arrives once, what is held counts at once, and the cap holds', async () => {
    expect(gate.check(deploymentId, ACTION)).toMatchObject({ outcome: 'allow', licenseVersion: 1 });
    expect(await check('10')).toMatchObject({ isAllowed: true, limit: '10', used: '0' });
    await usage.record({ deploymentId, meter: 'api_calls', quantity: '6' });
    await usage.flush();
    expect(usage.status()).toMatchObject({ events: 0, rejected: 0 });
    expect(await check('5')).toMatchObject({ outcome: 'deny', code: 'LIMIT.REACHED', used: '6', remaining: '4' });
    const { reservationId = '' } = await check('3', true);
    expect(await check('2')).toMatchObject({ outcome: 'deny', code: 'LIMIT.REACHED' });
    await counter.confirm(reservationId);
    await counter.confirm(reservationId);
    expect(await check('1')).toMatchObject({ isAllowed: true, used: '9' });
    const { reservationId: last = '' } = await check('1', true);
    await counter.release(last);
    await expect(counter.confirm(last)).rejects.toMatchObject({ code: 'RESERVATION.RELEASED' });
    expect(await check('1')).toMatchObject({ isAllowed: true, used: '9' });
  });

  it('usage of a meter that the license does not name is kept with its reason, and the rest counts', async () => {
    await usage.record({ deploymentId, meter: 'no_such_meter', quantity: '1' });
    await usage.record({ deploymentId: randomUUID(), meter: 'api_calls', quantity: '1' });
    await usage.flush();
    expect(usage.status()).toMatchObject({ events: 0, rejected: 2 });
  });
});
