import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { sourcePathsOf } from '@biplane/contracts';
import { homeRoleNames } from '@biplane/licensing';
import { bootstrap, loadEnv, openApiDocument, routeInventory, type RunningService } from '@biplane/service-kit';
import {
  AnswerSchemas,
  answersWithoutPlace,
  eventually,
  readTopic,
  requiredVariable,
  routesWithoutAnswerSchema,
  testKafka,
  testPostgres,
  type TestKafka,
  type TestPostgres,
  newPlacement,
  TestIssuer,
} from '@biplane/testing';
import { AppModule, DOCS } from './app.module.js';
import { checkEnvironment, environmentSpec, redisPrefix } from './environment.js';
import { GATE } from './features/license/index.js';
import { ensureTemplate, readTenantSchema } from './features/tenancy/index.js';
import { urlFor, withSession } from './features/tenancy/server-session.js';
import { writeAppFiles } from './testing/app-files.js';
import { dropHome } from './testing/drop-home.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const { provisioner } = homeRoleNames(homeId);
const password = randomBytes(12).toString('hex');
const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
const tenantId = randomUUID();
const placement = { ...newPlacement(homeId), tenantId };
const kid = `k-${randomUUID()}`;
const clients = [
  { id: 'operator', secret: 'o', scopes: ['internal:operate'] },
  { id: 'service', secret: 's', scopes: ['entitlements:check'] },
  { id: 'other', secret: 't', scopes: ['entitlements:check', `tenant:${randomUUID()}`] },
];

let kafka: TestKafka;
let homeDatabase: TestPostgres;
let service: RunningService;
let environment: Record<string, string>;
let folder: string;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  kafka = await testKafka();
  homeDatabase = await testPostgres('home');
  await withSession(superUrl, async (session) => {
    await session.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  });
  await ensureTemplate({ provisionerUrl, homeId, schema });
  const issuer = new TestIssuer(kafka.region, new Date());
  const bootstrapOfAdmin = {
    adminUserId: randomUUID(),
    inviteTokenHash: 'b'.repeat(64),
    expiresAt: '2028-01-01T00:00:00.000Z',
  };
  const compact = issuer.sign(issuer.claims(placement, { bootstrap: bootstrapOfAdmin }), kid);
  const producer = kafka.broker('core').producer();
  await producer.send([issuer.keyRecord(kid), issuer.licenseRecord(placement.deploymentId, compact)]);
  await producer.close();
  const files = await writeAppFiles(issuer.rootPublicKey, clients);
  folder = files.folder;
  const home = kafka.connection('home');
  environment = {
    ...files.environment,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    HTTP_PORT: '0',
    INTERNAL_PORT: '0',
    LOG_LEVEL: 'fatal',
    INSTANCE_ID: `app-${randomUUID()}`,
    KAFKA_BROKERS: home.brokers.join(','),
    KAFKA_USERNAME: home.username ?? '',
    KAFKA_PASSWORD: home.password ?? '',
    HOME_ID: homeId,
    HOME_KIND: 'shared',
    REGION: kafka.region,
    HOME_DATABASE_URL: homeDatabase.url,
    PROVISIONER_DATABASE_URL: provisionerUrl,
    REDIS_URL: requiredVariable('TEST_REDIS_URL'),
    REDIS_PREFIX: redisPrefix(homeId),
  };
  const typed = loadEnv(environmentSpec, environment);
  checkEnvironment(typed);
  const options = { host: '127.0.0.1', port: 0, internalPort: 0, docs: DOCS, handleSignals: false };
  service = await bootstrap({ module: AppModule.forRoot(typed), ...options });
  for (const { id, secret } of clients) tokens[id] = await tokenOf(id, secret);
});

afterAll(async () => {
  await service?.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
  await kafka.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tokenOf(id: string, secret: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const body = 'grant_type=client_credentials';
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${service.url}/oauth/token`, { method: 'POST', headers, body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function call(method: string, path: string, as: string | null, body?: unknown, base = service.internalUrl) {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (as !== null) headers['authorization'] = `Bearer ${tokens[as] ?? as}`;
  const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${base}${path}`, { method, headers, ...(sent !== undefined && { body: sent }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const check = (as: string, changes: object = {}) =>
  call('POST', '/internal/gate/check', as, {
    deploymentId: placement.deploymentId,
    action: 'financials:automated_billing',
    ...changes,
  });

describe('tenant-api', () => {
  it('becomes ready, makes the database of the license that it reads, and reports both', async () => {
    await eventually(async () => {
      const fleet = await call('GET', '/internal/fleet', 'operator');
      expect(fleet.body['data']).toMatchObject([
        { deploymentId: placement.deploymentId, state: 'ready', isCurrent: true, adminBootstrapped: true },
      ]);
    });
    expect((await call('GET', '/health/ready', null)).status).toBe(200);
    const broker = kafka.broker('topics');
    const records = await eventually(async () => {
      const found = await readTopic(broker, kafka.topics.applied);
      const types = new Set(found.map(({ headers }) => String(headers['ce_type'])));
      expect(types).toEqual(new Set(['dev.biplane.license.applied.v1', 'dev.biplane.instance.status.v1']));
      return found;
    });
    expect(records.length).toBeGreaterThan(1);
    await broker.close();
  });

  it('operators migrate the fleet and nobody else does; what a run cannot be is refused', async () => {
    const dry = await call('POST', '/internal/fleet/migrate', 'operator', { dryRun: true });
    expect(dry).toMatchObject({ status: 200, body: { databases: 1, current: 1, plannedWaves: [], run: null } });
    const begun = await call('POST', '/internal/fleet/migrate', 'operator', { failuresPercentMax: 2 });
    expect(begun).toMatchObject({ status: 200, body: { run: { state: 'done', requestedBy: 'operator' } } });
    const { id } = begun.body['run'] as { id: string };
    expect((await call('GET', '/internal/fleet/runs?limit=1', 'operator')).body).toMatchObject({ data: [{ id }] });
    expect(await call('GET', `/internal/fleet/runs/${id}`, 'operator')).toMatchObject({ status: 200, body: { id } });
    for (const command of ['pause', 'continue', 'retry', 'cancel']) {
      const answers = [id, randomUUID()].map((run) =>
        call('POST', `/internal/fleet/runs/${run}/${command}`, 'operator'),
      );
      const codes = (await Promise.all(answers)).map(({ status, body }) => [status, body['code']]);
      expect(codes).toEqual([
        [409, 'FLEET.RUN_ENDED'],
        [404, 'FLEET.RUN_UNKNOWN'],
      ]);
    }
    const wrong = [
      { waves: [0] },
      { waves: 5 },
      { atOnceMax: 5 },
      { failuresPercentMax: 1.5 },
      { dryRun: 'yes' },
      { more: 1 },
    ];
    for (const body of wrong) {
      expect(await call('POST', '/internal/fleet/migrate', 'operator', body)).toMatchObject({ status: 400 });
    }
    for (const query of ['schemaState=late', 'runId=x', 'state=gone', 'order=name', 'cursor=x']) {
      expect(await call('GET', `/internal/fleet?${query}`, 'operator')).toMatchObject({ status: 400 });
    }
    const none = await call('GET', '/internal/fleet?schemaState=failed', 'operator');
    expect(none.body).toMatchObject({ data: [], page: { hasMore: false } });
    const all = await call('GET', '/internal/fleet?schemaState=done&state=ready', 'operator');
    expect(all.body).toMatchObject({ data: [{ isCurrent: true, checksum: all.body['checksum'] }] });
    expect(await call('POST', '/internal/fleet/migrate', 'service', {})).toMatchObject({ status: 403 });
  });

  it('the gate admits what is licensed and denies what is not, with a Decision', async () => {
    expect(await check('service')).toMatchObject({
      status: 200,
      body: { outcome: 'allow', isAllowed: true, licenseVersion: 1 },
    });
    expect(await check('service', { action: 'search:index' })).toMatchObject({
      status: 200,
      body: { outcome: 'deny', isAllowed: false, code: 'LICENSE.MODULE_NOT_LICENSED' },
    });
    expect(await check('service', { deploymentId: randomUUID() })).toMatchObject({
      status: 200,
      body: { outcome: 'deny', code: 'LICENSE.UNAVAILABLE' },
    });
  });

  it('F2: a client of another tenant gets the answer that an unknown deployment gets', async () => {
    const [theirs, unknown] = [await check('other'), await check('other', { deploymentId: randomUUID() })];
    const { decisionId: _a, asOf: _b, ...first } = theirs.body;
    const { decisionId: _c, asOf: _d, ...second } = unknown.body;
    expect(first).toEqual(second);
  });

  it('a hard limit is decided from what is counted', async () => {
    const within = await check('service', { meter: 'api_calls', quantity: '10' });
    expect(within.body).toMatchObject({ isAllowed: true, limit: '10', used: '0', behavior: 'hard_block' });
    const beyond = await check('service', { meter: 'api_calls', quantity: '11' });
    expect(beyond.body).toMatchObject({ isAllowed: false, code: 'LIMIT.REACHED', remaining: '10' });
    expect(typeof beyond.body['retryAt']).toBe('string');
  });

  it('initialize is repeatable, and refuses what this home does not serve', async () => {
    const path = '/internal/database/initialize';
    const { deploymentId } = placement;
    expect(await call('POST', path, 'operator', { deploymentId })).toMatchObject({
      status: 200,
      body: { state: 'ready' },
    });
    expect(await call('POST', path, 'operator', { deploymentId: randomUUID() })).toMatchObject({
      status: 404,
      body: { code: 'TENANCY.DEPLOYMENT_UNKNOWN' },
    });
  });

  it.each<[string, string, string, string | null, unknown, number, string]>([
    ['no token', 'POST', '/internal/gate/check', null, {}, 401, 'AUTH.TOKEN_MISSING'],
    ['a malformed token', 'POST', '/internal/gate/check', 'x.y.z', {}, 401, 'AUTH.TOKEN_INVALID'],
    ['the wrong scope', 'GET', '/internal/fleet', 'service', undefined, 403, 'AUTH.SCOPE_MISSING'],
    ['the wrong scope', 'POST', '/internal/database/initialize', 'service', {}, 403, 'AUTH.SCOPE_MISSING'],
    ['broken JSON', 'POST', '/internal/gate/check', 'service', '{"a":', 400, 'REQUEST.MALFORMED'],
    ['an array', 'POST', '/internal/gate/check', 'service', [], 400, 'REQUEST.INVALID'],
    ['nothing', 'POST', '/internal/gate/check', 'service', {}, 400, 'REQUEST.INVALID'],
    [
      'an id with a quote',
      'POST',
      '/internal/database/initialize',
      'operator',
      { deploymentId: `'"; DROP` },
      400,
      'REQUEST.INVALID',
    ],
    [
      'an id in upper case',
      'POST',
      '/internal/database/initialize',
      'operator',
      { deploymentId: randomUUID().toUpperCase() },
      400,
      'REQUEST.INVALID',
    ],
    ['a wrong type', 'POST', '/internal/database/initialize', 'operator', { deploymentId: 7 }, 400, 'REQUEST.INVALID'],
    [
      'an unknown key',
      'POST',
      '/internal/database/initialize',
      'operator',
      { deploymentId: randomUUID(), x: 1 },
      400,
      'REQUEST.INVALID',
    ],
    ['a foreign cursor', 'GET', '/internal/fleet?cursor=abc', 'operator', undefined, 400, 'REQUEST.INVALID'],
    ['an unknown filter', 'GET', '/internal/licenses?state=x', 'operator', undefined, 400, 'REQUEST.INVALID'],
  ])('%s is a typed refusal: %s %s', async (_why, method, path, as, body, status, code) => {
    expect(await call(method, path, as, body)).toMatchObject({ status, body: { code } });
  });

  it.each(['-1', '1e3', 'NaN', '', '0x1', '1'.repeat(40), '1.1234567890123'])(
    'a quantity of %p is refused',
    async (quantity) => {
      expect(await check('service', { meter: 'api_calls', quantity })).toMatchObject({ status: 400 });
    },
  );

  it('the public listener serves nothing of /internal', async () => {
    const answer = await call('POST', '/internal/gate/check', 'service', {}, service.url);
    expect(answer).toMatchObject({ status: 404, body: { code: 'REQUEST.NOT_FOUND' } });
  });

  it('every route says who may use it, and those without a scope say what the license has to do with it', () => {
    const silent = routeInventory(service.app).filter(({ access, path, controller, handler }) => {
      if (access === null) return true;
      const isOfTheService = access.kind === 'public' && !/^\/(public|api)\//.test(path);
      return access.kind !== 'scopes' && !isOfTheService && !hasGate(controller, handler);
    });
    expect(silent).toEqual([]);
  });

  it('an export comes as lines whose last one says that it is whole, and to nobody without a token', async () => {
    const url = `${service.url}/api/v1/deployments/${placement.deploymentId}/export`;
    expect((await fetch(url)).status).toBe(401);
    const headers = { authorization: `Bearer ${tokens['operator']}` };
    const answer = await fetch(url, { headers });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    const lines = (await answer.text()).trimEnd().split('\n');
    const parsed = lines.map((line) => Object.keys(JSON.parse(line) as object)[0]);
    expect([parsed[0], parsed.at(-1)]).toEqual(['export', 'end']);
    expect((await fetch(`${url}?format=csv`, { headers })).status).toBe(400);
    expect((await fetch(url.replace(placement.deploymentId, randomUUID()), { headers })).status).toBe(404);
  });

  it('an enrollment is taken on the internal port only, with its own token, and with nothing that is not asked for', async () => {
    const body = { homeId: randomUUID(), deploymentId: placement.deploymentId };
    const enroll = (as: string | null, sent: unknown, base = service.internalUrl) =>
      call('POST', '/internal/homes/enroll', as, sent, base);
    const told = async (...args: Parameters<typeof enroll>) => {
      const { status, body: answer } = await enroll(...args);
      return [status, answer['code']];
    };
    const token = randomBytes(32).toString('base64url');
    expect(await told(null, body)).toEqual([401, 'ENROLLMENT.TOKEN_REFUSED']);
    expect(await told('short', body)).toEqual([401, 'ENROLLMENT.TOKEN_REFUSED']);
    expect(await told(token, body)).toEqual([404, 'ENROLLMENT.UNKNOWN']);
    expect(await told('operator', body)).toEqual([401, 'ENROLLMENT.TOKEN_REFUSED']);
    for (const wrong of [{ ...body, password: 'x' }, { ...body, epoch: 0 }, { ...body, homeId: "x'; DROP" }, [], 'x']) {
      expect((await enroll(token, wrong)).status).toBe(400);
    }
    expect((await enroll(token, body, service.url)).status).toBe(404);
  });

  it('the OpenAPI document describes every route', () => {
    const document = openApiDocument(service.app, DOCS);
    const template = (path: string): string => path.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
    const undocumented = routeInventory(service.app)
      .filter(({ path }) => !/^\/(metrics)$/.test(path))
      .filter(({ path }) => document.paths[template(path)] === undefined);
    expect(undocumented).toEqual([]);
  });

  it('OpenAPI: every route has a success schema', () => {
    expect(routesWithoutAnswerSchema(openApiDocument(service.app, DOCS))).toEqual([]);
  });

  it('OpenAPI: whatever was made or begun is found where its answer says', () => {
    expect(answersWithoutPlace(openApiDocument(service.app, DOCS))).toEqual([
      'POST /api/v1/usage: 202', // it says what became of each event: that is all there is
      // A session, and what is begun at a provider, are the answer itself: nothing reads them again.
      'POST /public/invites/accept: 201',
      'POST /public/me/identity: 201',
      'POST /public/oidc/acceptances: 201',
      'POST /public/oidc/completions: 201',
      'POST /public/oidc/sign-ins: 201',
      'POST /public/sessions: 201',
    ]);
  });

  it('OpenAPI: live answers are as their schemas say', async () => {
    const schemas = new AnswerSchemas(openApiDocument(service.app, DOCS));
    const { deploymentId } = placement;
    const mistakes = (method: string, path: string, answer: { status: number; body: unknown }) =>
      schemas.mistakes(method, path, answer);
    expect([
      ...mistakes('POST', '/internal/gate/check', await check('service')),
      ...mistakes('POST', '/internal/gate/check', await check('service', { action: 'search:index' })),
      ...mistakes('POST', '/internal/gate/check', await check('service', { meter: 'api_calls', quantity: '11' })),
      ...mistakes('GET', '/internal/fleet', await call('GET', '/internal/fleet', 'operator')),
      ...mistakes('GET', '/internal/licenses', await call('GET', '/internal/licenses', 'operator')),
      ...mistakes(
        'POST',
        '/internal/database/initialize',
        await call('POST', '/internal/database/initialize', 'operator', { deploymentId }),
      ),
      ...mistakes('GET', '/health/ready', await call('GET', '/health/ready', null)),
      ...mistakes('GET', '/version', await call('GET', '/version', null)),
    ]).toEqual([]);
  });

  it.each(sourcePathsOf('tenant-api'))('$source $method $path is served as $ours', async ({ method, path, ours }) => {
    expect(path).toBe(ours);
    expect(await call(method, path, null, {})).toMatchObject({ status: 401, body: { code: 'AUTH.TOKEN_MISSING' } });
  });
});

/** Metadata stands on the method or its class; the inventory names both. */
function hasGate(controller: string, handler: string): boolean {
  const classes = [...service.app.get(ModulesContainer).values()].flatMap(({ controllers }) => [
    ...controllers.values(),
  ]);
  const found = classes
    .map(({ metatype }) => metatype as Type | null)
    .find((metatype) => metatype?.name === controller);
  const method = (found?.prototype as Record<string, object> | undefined)?.[handler];
  return [found, method].some((place) => place !== undefined && place !== null && Reflect.hasMetadata(GATE, place));
}
