import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlaneEvent, topics, type MoveReport } from '@biplane/contracts';
import {
  homeDatabaseName,
  homeRoleNames,
  tenantDatabaseName,
  type LicenseClaims,
  type LicensePlacement,
} from '@biplane/licensing';
import { SystemClock } from '@biplane/service-kit';
import {
  eventually,
  readTopic,
  requiredVariable,
  spawnSource,
  testKafka,
  testPostgres,
  TestIssuer,
  type Child,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { tokenHash } from '../features/access/token-hash.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../features/tenancy/index.js';
import { redisPrefix } from '../redis-prefix.js';
import { writeAppFiles } from './app-files.js';
import { dropHome } from './drop-home.js';
import { newDedicatedHome, type DedicatedHome } from './enrollment-rig.js';
import { freePort } from './free-port.js';
import { MemberClient } from './running-home.js';

const MAIN = new URL('../main.ts', import.meta.url);
const SECRET = 'moves';
const CLIENT = { id: 'mover', secret: SECRET, scopes: ['usage:submit', 'entitlements:check', 'internal:operate'] };
const WAIT = { deadlineMs: 120_000 };
const INVITE_MS = 14 * 86_400_000;

export interface SceneHome {
  readonly homeId: string;
  readonly url: string;
  readonly internalUrl: string;
  child: Child;
}

/** A pool and dedicated homes, each the program itself in a process of its own, moved between by licenses that a test issues. */
export class MoveScene {
  readonly deploymentId = randomUUID();
  readonly poolId = randomUUID();
  private readonly tenantId = randomUUID();
  private readonly kid = `k-${randomUUID()}`;
  private readonly superUrl = requiredVariable('TEST_POSTGRES_URL');
  private readonly schema = readTenantSchema();
  private readonly provisionerPassword = randomBytes(12).toString('hex');
  private readonly children: Child[] = [];
  private readonly tokens = new Map<string, string>();
  private version = 0;
  private newest: ReturnType<TestIssuer['licenseRecord']> | undefined;
  private bootstrap: LicenseClaims['bootstrap'];

  private constructor(
    readonly kafka: TestKafka,
    readonly poolDatabase: TestPostgres,
    private readonly issuer: TestIssuer,
    private readonly files: { readonly folder: string; readonly environment: Record<string, string> },
    private readonly ports: Readonly<Record<'pool' | 'own' | 'second', readonly [number, number]>>,
  ) {}

  static async open(): Promise<MoveScene> {
    const kafka = await testKafka();
    const issuer = new TestIssuer(kafka.region, new SystemClock().now());
    const files = await writeAppFiles(issuer.rootPublicKey, [CLIENT]);
    const pair = async (): Promise<[number, number]> => [await freePort(), await freePort()];
    const ports = { pool: await pair(), own: await pair(), second: await pair() };
    const scene = new MoveScene(kafka, await testPostgres('home'), issuer, files, ports);
    await scene.prepare();
    return scene;
  }

  get poolUrl(): string {
    return `http://127.0.0.1:${this.ports.pool[0]}`;
  }

  /** The tenant's own database, for whoever may see everything. */
  get tenantUrl(): string {
    return urlFor(this.superUrl, tenantDatabaseName(this.deploymentId));
  }

  /** What the pool seals with. */
  get fieldKeysFile(): string {
    return this.files.environment['FIELD_KEYS_FILE'] ?? '';
  }

  /** For another replica of the pool, in the process of the suite. */
  get poolParts() {
    const [homeId, region, rootKey] = [this.poolId, this.kafka.region, this.issuer.rootPublicKey];
    return {
      homeId,
      region,
      rootKey,
      provisionerUrl: this.provisionerUrl,
      redisUrl: requiredVariable('TEST_REDIS_URL'),
    };
  }

  /** What a replica has to be told to serve by the newest license. */
  get records() {
    return [this.issuer.keyRecord(this.kid), ...(this.newest ? [this.newest] : [])];
  }

  /** The next version of the license. */
  async issue(placement: LicensePlacement, own?: DedicatedHome): Promise<void> {
    this.version += 1;
    const limit = { authority: 'data', aggregation: 'sum', strategy: 'hard_block', warnAt: [] } as const;
    const changes: Partial<LicenseClaims> = {
      version: this.version,
      deployment: {
        id: this.deploymentId,
        type: placement.homeId === this.poolId ? 'shared' : 'container_per_tenant',
        region: this.kafka.region,
      },
      placement,
      modules: {
        financials: {
          features: ['automated_billing'],
          limits: [{ ...limit, meter: 'droplet_hours', cap: '1000000', window: 'month' }],
        },
        members: { features: ['records'], limits: [] },
      },
      meters: {
        droplet_hours: { authority: 'data', aggregation: 'sum' },
        peak_users: { authority: 'data', aggregation: 'peak' },
        storage_gb: { authority: 'data', aggregation: 'last' },
      },
      ...(this.bootstrap && { bootstrap: this.bootstrap }),
      ...(own && { enrollment: own.enrollment }),
    };
    const ids = { deploymentId: this.deploymentId, tenantId: this.tenantId, homeId: placement.homeId };
    const compact = this.issuer.sign(this.issuer.claims(ids, changes), this.kid);
    const producer = this.kafka.broker('core').producer();
    this.newest = this.issuer.licenseRecord(this.deploymentId, compact);
    await producer.send([this.newest]);
    await producer.close();
  }

  async startPool(faults = ''): Promise<SceneHome> {
    const { username = '', password = '' } = this.kafka.connection('home');
    return this.start(this.poolId, this.ports.pool, {
      ...this.files.environment,
      KAFKA_USERNAME: username,
      KAFKA_PASSWORD: password,
      HOME_KIND: 'shared',
      HOME_DATABASE_URL: this.poolDatabase.url,
      PROVISIONER_DATABASE_URL: this.provisionerUrl,
      REDIS_URL: requiredVariable('TEST_REDIS_URL'),
      ...(faults !== '' && { FAULT_POINTS: faults }),
    });
  }

  /** Its own ports in every run: licenses name its address. */
  newHome(): { home: DedicatedHome; url: string } {
    return { home: { ...newDedicatedHome(), ...this.ids() }, url: `http://127.0.0.1:${this.ports.own[0]}` };
  }

  /** `isSecond`: another replica of it, at ports of its own that no license names. */
  async startOwn(own: DedicatedHome, faults = '', isSecond = false): Promise<SceneHome> {
    const tokenFile = join(this.files.folder, `token-${own.homeId}`);
    writeFileSync(tokenFile, own.token, { mode: 0o600 });
    return this.start(own.homeId, isSecond ? this.ports.second : this.ports.own, {
      ROOT_KEY_FILE: this.files.environment['ROOT_KEY_FILE'] ?? '',
      HOME_KIND: 'dedicated',
      DEPLOYMENT_ID: this.deploymentId,
      ENROLLMENT_URL: `http://127.0.0.1:${this.ports.pool[1]}`,
      ENROLLMENT_TOKEN_FILE: tokenFile,
      ...(faults !== '' && { FAULT_POINTS: faults }),
    });
  }

  async stop({ child }: SceneHome): Promise<void> {
    child.kill('SIGTERM');
    await child.ended;
  }

  async kill({ child }: SceneHome): Promise<void> {
    child.kill('SIGKILL');
    await child.ended;
  }

  /** Signs in the tenant's first admin at the home that its license names; licenses have members from here on. */
  async admitAdmin(home: SceneHome, placement: LicensePlacement): Promise<MemberClient> {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(this.issuer.issuedAt.getTime() + INVITE_MS).toISOString();
    this.bootstrap = { adminUserId: randomUUID(), inviteTokenHash: tokenHash(token), expiresAt };
    await this.issue(placement);
    const anyone = new MemberClient(home.url, this.deploymentId, null);
    const body = { token, email: 'admin@acme.example', password: MemberClient.password };
    return eventually(async () => {
      const answer = await anyone.post('/public/invites/accept', body);
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return anyone.as((answer.body as { token: string }).token);
    }, WAIT);
  }

  /** What the tenant's own database says, to whoever may see everything. */
  async tenant<Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> {
    return withSession(this.tenantUrl, async (session) => (await session.query(sql, params)).rows as Row[]);
  }

  /** The reports of a move's steps, by step; waits until those named are there. */
  async reports(toEpoch: number, ...steps: string[]): Promise<Map<string, MoveReport>> {
    return eventually(async () => {
      const records = await readTopic(this.kafka.broker('topics'), topics.applied(this.kafka.region));
      const found = new Map<string, MoveReport>();
      const ids = new Map<string, string>();
      for (const { headers, value } of records) {
        const event = value && parsePlaneEvent(headers, value);
        if (!event || !event.ok || event.value.name !== 'MoveReport') continue;
        const { data } = event.value;
        if (data.epoch !== toEpoch || data.deploymentId !== this.deploymentId) continue;
        // What is sent again after a kill is the same event.
        if ((ids.get(data.step) ?? event.value.event.id) !== event.value.event.id)
          throw new Error(`${data.step} was told twice`);
        ids.set(data.step, event.value.event.id);
        found.set(data.step, data);
      }
      const missing = steps.filter((step) => !found.has(step));
      if (missing.length > 0) throw new Error(`not reported: ${missing.join(', ')}`);
      return found;
    }, WAIT);
  }

  async call(
    base: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
    return this.callAs(base, base, path, body);
  }

  /** With a token that was given at `issuer`, which another replica of that home honours too. */
  async callAs(
    issuer: string,
    base: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
    const authorization = `Bearer ${await this.tokenOf(issuer)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: JSON.parse(text) as Record<string, unknown>, text };
  }

  async home<Row extends object>(homeId: string, sql: string, params: unknown[] = []): Promise<Row[]> {
    const url = homeId === this.poolId ? this.poolDatabase.url : urlFor(this.superUrl, homeDatabaseName(homeId));
    return withSession(url, async (session) => (await session.query(sql, params)).rows as Row[]);
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.children.map(({ ended }) => ended));
    await this.poolDatabase.drop();
    await dropHome(this.superUrl, this.poolId, this.schema.hash);
    await this.kafka.close();
    rmSync(this.files.folder, { recursive: true, force: true });
  }

  private ids(): { deploymentId: string; tenantId: string } {
    return { deploymentId: this.deploymentId, tenantId: this.tenantId };
  }

  private get provisionerUrl(): string {
    const { provisioner } = homeRoleNames(this.poolId);
    return urlFor(this.superUrl, 'postgres', { user: provisioner, password: this.provisionerPassword });
  }

  private async prepare(): Promise<void> {
    const { provisioner } = homeRoleNames(this.poolId);
    await withSession(this.superUrl, async (session) => {
      await session.query(
        `CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${this.provisionerPassword}'`,
      );
      await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
    });
    await ensureTemplate({ provisionerUrl: this.provisionerUrl, homeId: this.poolId, schema: this.schema });
    const producer = this.kafka.broker('core').producer();
    await producer.send([this.issuer.keyRecord(this.kid)]);
    await producer.close();
  }

  private async start(
    homeId: string,
    [port, internalPort]: readonly [number, number],
    own: Record<string, string>,
  ): Promise<SceneHome> {
    const child = spawnSource(
      MAIN,
      {},
      {
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        LOG_LEVEL: 'error',
        INSTANCE_ID: `home-${randomUUID()}`,
        REGION: this.kafka.region,
        KAFKA_BROKERS: this.kafka.connection('home').brokers.join(','),
        HTTP_PORT: String(port),
        INTERNAL_PORT: String(internalPort),
        HOME_ID: homeId,
        REDIS_PREFIX: redisPrefix(homeId),
        ...own,
      },
    );
    this.children.push(child);
    return { homeId, url: `http://127.0.0.1:${port}`, internalUrl: `http://127.0.0.1:${internalPort}`, child };
  }

  private async tokenOf(base: string): Promise<string> {
    const known = this.tokens.get(base);
    if (known !== undefined) return known;
    const authorization = `Basic ${Buffer.from(`${CLIENT.id}:${SECRET}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'grant_type=client_credentials';
    const answer = await fetch(`${base}/oauth/token`, { method: 'POST', headers, body });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`No token from ${base}`);
    this.tokens.set(base, token);
    return token;
  }

  /** A home that was made anew signs with a key of its own. */
  forgetTokens(): void {
    this.tokens.clear();
  }
}
