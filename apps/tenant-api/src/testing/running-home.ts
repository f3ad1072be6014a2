import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@biplane/kernel';
import { homeRoleNames, type LicenseClaims } from '@biplane/licensing';
import { bootstrap, CLOCK, loadEnv, SystemClock, type RunningService } from '@biplane/service-kit';
import {
  newPlacement, requiredVariable, ServiceClient, testKafka, testPostgres, TestIssuer, waitFor, type Answer, type Placement,
  type TestKafka, type TestPostgres,
} from '@biplane/testing'; // prettier-ignore
import { AppModule, DOCS } from '../app.module.js';
import { environmentSpec, redisPrefix, type TenantEnvironment } from '../environment.js';
import { tokenHash } from '../features/access/token-hash.js';
import { ensureTemplate, readTenantSchema, TenantHandles, type TenantHandle } from '../features/tenancy/index.js';
import { urlFor, withSession } from '../features/tenancy/server-session.js';
import { writeAppFiles, type TestClient } from './app-files.js';
import { dropHome } from './drop-home.js';

const PASSWORD = 'correct horse battery';
const OPERATOR: TestClient = { id: 'operator', secret: 'o', scopes: ['internal:operate'] };

/** A licensed deployment of a running home. */
export interface ServedDeployment extends Placement {
  /** Signed in as the bootstrapped admin. */
  readonly admin: MemberClient;
}

/** A whole tenant-api on real parts, with a Clock that the suite moves, and an issuer that stands for core-api. */
export class RunningHome {
  private readonly versions = new Map<string, number>();
  private isStopped = false;

  private constructor(
    readonly service: RunningService,
    readonly homeId: string,
    readonly kafka: TestKafka,
    readonly issuer: TestIssuer,
    /** For other processes of the same home. */
    readonly environment: TenantEnvironment,
    private readonly parts: { readonly database: TestPostgres; readonly folder: string; readonly kid: string },
  ) {}

  static async start(startAt: string, environment: Record<string, string> = {}): Promise<RunningHome> {
    const superUrl = requiredVariable('TEST_POSTGRES_URL');
    const [homeId, kid, schema] = [randomUUID(), `k-${randomUUID()}`, readTenantSchema()];
    const { provisioner } = homeRoleNames(homeId);
    const password = randomBytes(12).toString('hex');
    const provisionerUrl = urlFor(superUrl, 'postgres', { user: provisioner, password });
    const [kafka, database] = [await testKafka(), await testPostgres('home')];
    await withSession(superUrl, async (session) => {
      await session.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
      await session.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
    });
    await ensureTemplate({ provisionerUrl, homeId, schema });
    const issuer = new TestIssuer(kafka.region, new Date(startAt));
    const files = await writeAppFiles(issuer.rootPublicKey, [OPERATOR]);
    const connection = kafka.connection('home');
    const clockFile = join(files.folder, 'clock.json');
    writeClock(clockFile, startAt);
    const typed = loadEnv(environmentSpec, {
      ...files.environment, NODE_ENV: 'test', HOST: '127.0.0.1', HTTP_PORT: '0', INTERNAL_PORT: '0', LOG_LEVEL: 'fatal',
      INSTANCE_ID: `app-${randomUUID()}`, KAFKA_BROKERS: connection.brokers.join(','), CLOCK_FILE: clockFile,
      KAFKA_USERNAME: connection.username ?? '', KAFKA_PASSWORD: connection.password ?? '', HOME_ID: homeId,
      HOME_KIND: 'shared', REGION: kafka.region, HOME_DATABASE_URL: database.url, PROVISIONER_DATABASE_URL: provisionerUrl,
      REDIS_URL: requiredVariable('TEST_REDIS_URL'), REDIS_PREFIX: redisPrefix(homeId), ...environment,
    }); // prettier-ignore
    const options = {
      host: '127.0.0.1',
      port: 0,
      internalPort: 0,
      docs: DOCS,
      handleSignals: false,
      trustedProxies: typed.TRUSTED_PROXIES,
    };
    const service = await bootstrap({ module: AppModule.forRoot(typed), ...options });
    const home = new RunningHome(service, homeId, kafka, issuer, typed, { database, folder: files.folder, kid });
    await home.publish([issuer.keyRecord(kid)]);
    return home;
  }

  /** A deployment whose admin has accepted its invite. */
  async deployment(claims: Partial<LicenseClaims> = {}): Promise<ServedDeployment> {
    const placement = newPlacement(this.homeId);
    const [adminUserId, token] = [randomUUID(), randomBytes(32).toString('base64url')];
    const expiresAt = new Date(this.issuer.issuedAt.getTime() + 14 * 86_400_000).toISOString();
    await this.license(placement, {
      bootstrap: { adminUserId, inviteTokenHash: tokenHash(token), expiresAt },
      ...claims,
    });
    const admin = new MemberClient(this.service.url, placement.deploymentId, null);
    const email = `admin-${placement.deploymentId}@acme.example`;
    const session = await waitFor('the admin', async () => {
      const answer = await admin.post('/public/invites/accept', { token, email, password: PASSWORD });
      return answer.status === 201 && (answer.body as { token: string });
    }, { deadlineMs: 60_000 }); // prettier-ignore
    return { ...placement, admin: admin.as(session.token) };
  }

  /** The next license of a deployment; resolves when it is told. Returns its version. */
  async issue(placement: Placement, changes: Partial<LicenseClaims> = {}): Promise<number> {
    const version = (this.versions.get(placement.deploymentId) ?? 0) + 1;
    this.versions.set(placement.deploymentId, version);
    const claims = this.issuer.claims(placement, { version, ...changes });
    await this.publish([this.issuer.licenseRecord(placement.deploymentId, this.issuer.sign(claims, this.parts.kid))]);
    return version;
  }

  /** The same; resolves when this home enforces it. */
  async license(placement: Placement, changes: Partial<LicenseClaims> = {}): Promise<void> {
    const version = await this.issue(placement, changes);
    const operator = new ServiceClient(
      this.service.internalUrl!,
      { clientId: 'operator', clientSecret: 'o' },
      this.service.url,
    );
    await waitFor(`version ${version}`, async () => {
      const { body } = await operator.get('/internal/licenses?limit=200');
      const rows = (body as { data?: { deploymentId: string; version: number }[] }).data ?? [];
      return rows.some((row) => row.deploymentId === placement.deploymentId && row.version >= version);
    });
  }

  /** Another member of the deployment, signed in. */
  async member(of: ServedDeployment, role: 'admin' | 'staff' | 'member'): Promise<MemberClient & { readonly memberId: string }> {
    const email = `${role}-${randomUUID()}@acme.example`;
    const invited = await of.admin.expect(201, 'POST', '/api/v1/members', { email, name: 'Kim', role });
    const { inviteToken, member } = invited as { inviteToken: string; member: { id: string } };
    const session = await of.admin.anonymous().expect(201, 'POST', '/public/invites/accept', { token: inviteToken, password: PASSWORD });
    return Object.assign(of.admin.as((session as { token: string }).token), { memberId: member.id });
  } // prettier-ignore

  handle(deploymentId: string): TenantHandle {
    return this.service.app.get(TenantHandles, { strict: false }).resolve(deploymentId);
  }

  /** Forward from where its Clock is, which on a busy machine has gone on. */
  moveClock(byMs: number): void {
    const now = this.service.app.get<Clock>(CLOCK, { strict: false }).now();
    this.setClock(new Date(Math.max(now.getTime(), this.issuer.issuedAt.getTime()) + byMs));
  }

  /** From here on licenses are issued then, too. */
  setClock(instant: string | Date): void {
    this.issuer.issuedAt = new Date(instant);
    writeClock(join(this.parts.folder, 'clock.json'), instant);
  }

  /** This process of the home; its databases stay. */
  async stop(): Promise<void> {
    if (!this.isStopped) await this.service.close();
    this.isStopped = true;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.parts.database.drop();
    await dropHome(requiredVariable('TEST_POSTGRES_URL'), this.homeId, readTenantSchema().hash);
    await this.kafka.close();
    rmSync(this.parts.folder, { recursive: true, force: true });
  }

  private async publish(records: Parameters<ReturnType<ReturnType<TestKafka['broker']>['producer']>['send']>[0]): Promise<void> {
    const producer = this.kafka.broker('core').producer();
    await producer.send(records);
    await producer.close();
  } // prettier-ignore
}

/** A person or program at the door of its tenant. */
export class MemberClient {
  static readonly password = PASSWORD;

  constructor(
    readonly url: string,
    readonly deploymentId: string,
    readonly token: string | null,
  ) {}

  as(token: string): MemberClient {
    return new MemberClient(this.url, this.deploymentId, token);
  }

  anonymous(): MemberClient {
    return new MemberClient(this.url, this.deploymentId, null);
  }

  /** Every POST carries a key of its own unless it brings one. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'x-deployment-id': this.deploymentId,
        ...(this.token !== null && { authorization: `Bearer ${this.token}` }),
        ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
  }

  async expect(status: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.send(method, path, body);
    if (answer.status === status) return answer.body;
    throw new Error(`${method} ${path}: expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  get = (path: string): Promise<Answer> => this.send('GET', path);
  post = (path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
    this.send('POST', path, body, headers);
}

function writeClock(file: string, instant: string | Date): void {
  writeFileSync(file, JSON.stringify({ offsetMs: new Date(instant).getTime() - new SystemClock().now().getTime() }));
}
