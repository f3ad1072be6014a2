import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { createKeyPair } from '@biplane/licensing';
import { SystemClock, bootstrap, DatabaseModule, ServiceKitModule, type RunningService } from '@biplane/service-kit';
import { Outbox } from '@biplane/messaging';
import { testPostgres, type TestPostgres } from '@biplane/testing';
import { homeClient } from '../../database.js';
import { writeAppFiles } from '../../testing/app-files.js';
import { TestLicenses, usageEvent } from '../../testing/usage-rig.js';
import { HOME, LicenseKeeper, TenantLicenseService } from '../license/index.js';
import { LimitsModule } from '../limits/index.js';
import { TenantHandles } from '../tenancy/index.js';
import { MetricsModule } from './metrics.module.js';

const homeId = randomUUID();
const licenses = new TestLicenses(homeId, new SystemClock());
const SECRET = randomBytes(12).toString('hex');

const fromElsewhere = [
  { provide: HOME, useValue: { homeId, kind: 'shared', region: 'eu-1', instanceId: 'tenant-api-0' } },
  { provide: TenantLicenseService, useValue: licenses },
  { provide: LicenseKeeper, useValue: licenses },
  // Nothing here counts levels in the databases of tenants.
  { provide: TenantHandles, useValue: {} },
  { provide: Outbox, useFactory: () => new Outbox({ clock: new SystemClock() }) },
];
/** What the other features of the app give. */
@Global()
@Module({ providers: fromElsewhere, exports: fromElsewhere.map(({ provide }) => provide) })
class Others {}

let database: TestPostgres;
let service: RunningService;
let deployment: string;
let files: Awaited<ReturnType<typeof writeAppFiles>>;

const fileOf = (name: string): string => files.environment[name] ?? '';

async function start(databaseUrl: string): Promise<RunningService> {
  @Module({
    imports: [
      ServiceKitModule.forRoot({
        service: { name: 'usage', version: '0.0.0', instanceId: 'tenant-api-0' },
        nodeEnv: 'test',
        logLevel: 'silent',
        clockFile: undefined,
        fieldKeysFile: fileOf('FIELD_KEYS_FILE'),
        auth: {
          issuer: `biplane-data:${homeId}`,
          clientsFile: fileOf('CLIENTS_FILE'),
          tokenKeyFile: fileOf('TOKEN_KEY_FILE'),
        },
      }),
      DatabaseModule.forRoot({ url: databaseUrl, clientFactory: homeClient }),
      Others,
      LimitsModule,
      MetricsModule,
    ],
  })
  class Root {}
  const docs = { title: 'usage', description: 'of a suite', version: '0.0.0' };
  return bootstrap({ module: Root, host: '127.0.0.1', port: 0, docs, handleSignals: false });
}

beforeAll(async () => {
  files = await writeAppFiles(createKeyPair().publicKey, [
    { id: 'eu', secret: SECRET, scopes: ['usage:submit'], regions: ['eu-1'] },
    { id: 'us', secret: SECRET, scopes: ['usage:submit'], regions: ['us-1'] },
    { id: 'other', secret: SECRET, scopes: ['entitlements:check'] },
  ]);
  database = await testPostgres('home');
  service = await start(database.url);
  deployment = licenses.place('2026-03-01T00:00:00.000Z');
});
afterAll(async () => {
  await service.close();
  await database.drop();
  rmSync(files.folder, { recursive: true });
});

async function token(clientId: string, url = service.url): Promise<string> {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
async function post(
  body: unknown,
  { contentType = 'application/json', clientId = 'eu', url = service.url } = {},
): Promise<{ status: number; headers: Headers; json: Record<string, unknown> }> {
  const response = await fetch(`${url}/api/v1/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token(clientId, url)}`, 'content-type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { status, headers } = response;
  return { status, headers, json: (await response.json()) as Record<string, unknown> };
}
const event = (id: string): object => usageEvent(deployment, { id, time: new Date().toISOString(), quantity: '24' });

describe('POST /api/v1/usage', () => {
  it.each([
    ['one event as application/cloudevents+json', 'application/cloudevents+json', (id: string) => event(id)],
    ['a list as application/cloudevents-batch+json', 'application/cloudevents-batch+json', (id: string) => [event(id)]],
    ['one event as application/json', 'application/json', (id: string) => event(id)],
    ['a list as application/json', 'application/json; charset=utf-8', (id: string) => [event(id)]],
  ])('takes %s', async (why, contentType, bodyOf) => {
    expect(await post(bodyOf(why), { contentType })).toMatchObject({
      status: 202,
      json: { accepted: 1, duplicates: 0, rejected: 0, results: [{ id: why, status: 'accepted' }] },
    });
  });

  it('one bad item spoils no other, and says what is wrong with it', async () => {
    const { status, json } = await post([event('good'), { ...event('bad'), type: 'other' }]);
    expect({ status, json }).toMatchObject({
      status: 202,
      json: { accepted: 1, rejected: 1, results: [{ status: 'accepted' }, { id: 'bad', code: 'USAGE.INVALID' }] },
    });
  });

  it.each([
    ['text that is no JSON', '{', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['a number', '7', 'application/json', 400],
    ['1,001 events', JSON.stringify(Array(1001).fill({})), 'application/cloudevents-batch+json', 400],
    ['more than 1 MiB', JSON.stringify(['x'.repeat(1 << 20)]), 'application/json', 413],
    ['XML', '<usage/>', 'application/xml', 415],
  ])('%s is refused as a whole', async (_why, body, contentType, status) => {
    const answer = await post(body, { contentType });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('F12: a client of another region is refused, and so is one without the scope', async () => {
    expect(await post([event('us')], { clientId: 'us' })).toMatchObject({
      status: 403,
      json: { code: 'USAGE.REGION_FORBIDDEN' },
    });
    expect((await post([event('other')], { clientId: 'other' })).status).toBe(403);
    expect((await fetch(`${service.url}/api/v1/usage`, { method: 'POST' })).status).toBe(401);
  });

  it('a thousand events are taken at once', async () => {
    const { status, json } = await post(Array.from({ length: 1000 }, (_, n) => event(`many-${n}`)));
    expect([status, json['accepted']]).toEqual([202, 1000]);
  });

  it('the bytes of accepted bodies and the outcome of events are measured', async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toMatch(/^subscription_usage_bytes_total [1-9]/m);
    expect(text).toMatch(/^usage_writes_total\{result="accepted"\} 100[1-9]/m);
  });

  it('while the database is away the answer is 503 with Retry-After, nothing is promised, and the write counts as failed', async () => {
    const url = new URL(database.url);
    url.port = '1';
    const stranded = await start(url.href);
    try {
      const answer = await post([event('lost')], { url: stranded.url });
      expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([503, expect.any(Number)]);
      expect(answer.headers.get('retry-after')).not.toBeNull();
      expect(await (await fetch(`${stranded.url}/metrics`)).text()).toMatch(
        /^usage_writes_total\{result="failed"\} 1$/m,
      );
    } finally {
      await stranded.close();
    }
  });
});
