import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeRoleNames } from '@biplane/licensing';
import { bootstrap, loadEnv, SystemClock, type RunningService } from '@biplane/service-kit';
import {
  requiredVariable,
  spawnSource,
  testKafka,
  testPostgres,
  TestIssuer,
  type Child,
  type IssuedRecord,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { AppModule, DOCS } from '../app.module.js';
import { environmentSpec } from '../environment.js';
import { ensureTemplate, readTenantSchema, urlFor, withSession } from '../features/tenancy/index.js';
import { redisPrefix } from '../redis-prefix.js';
import { writeAppFiles, type TestClient } from './app-files.js';
import { dropHome } from './drop-home.js';
import type { DedicatedHome } from './enrollment-rig.js';
import { freePort } from './free-port.js';

export interface RunningHome {
  readonly url: string;
  readonly internalUrl: string;
  readonly child: Child;
}

/** A region's pool as it runs, in this process, and the dedicated homes of its region, each in a process of its own. */
export class Region {
  readonly homeId = randomUUID();
  readonly kid = `k-${randomUUID()}`;
  private readonly superUrl = requiredVariable('TEST_POSTGRES_URL');
  private readonly schema = readTenantSchema();
  private readonly children: Child[] = [];
  private service: RunningService | null = null;
  private internalPort = 0;

  private constructor(
    readonly kafka: TestKafka,
    readonly homeDatabase: TestPostgres,
    readonly issuer: TestIssuer,
    private readonly files: { readonly folder: string; readonly environment: Record<string, string> },
  ) {}

  static async open(clients: readonly TestClient[]): Promise<Region> {
    const kafka = await testKafka();
    const issuer = new TestIssuer(kafka.region, new SystemClock().now());
    const files = await writeAppFiles(issuer.rootPublicKey, clients);
    const region = new Region(kafka, await testPostgres('home'), issuer, files);
    await region.prepare();
    return region;
  }

  get provisionerUrl(): string {
    const { provisioner } = homeRoleNames(this.homeId);
    return urlFor(this.superUrl, 'postgres', { user: provisioner, password: this.provisionerPassword });
  }

  get poolUrl(): string {
    return this.service?.url ?? '';
  }

  async admin<Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> {
    return withSession(this.superUrl, async (session) => (await session.query(sql, params)).rows as Row[]);
  }

  async send(...records: IssuedRecord[]): Promise<void> {
    const producer = this.kafka.broker('core').producer();
    await producer.send(records);
    await producer.close();
  }

  async startPool(): Promise<void> {
    this.internalPort ||= await freePort();
    const environment = loadEnv(environmentSpec, {
      ...this.common(),
      ...this.files.environment,
      HTTP_PORT: '0',
      INTERNAL_PORT: String(this.internalPort),
      KAFKA_USERNAME: this.kafka.connection('home').username ?? '',
      KAFKA_PASSWORD: this.kafka.connection('home').password ?? '',
      HOME_ID: this.homeId,
      HOME_KIND: 'shared',
      HOME_DATABASE_URL: this.homeDatabase.url,
      PROVISIONER_DATABASE_URL: this.provisionerUrl,
      REDIS_URL: requiredVariable('TEST_REDIS_URL'),
      REDIS_PREFIX: redisPrefix(this.homeId),
    });
    const listen = { host: '127.0.0.1', port: 0, internalPort: this.internalPort };
    this.service = await bootstrap({
      module: AppModule.forRoot(environment),
      ...listen,
      docs: DOCS,
      handleSignals: false,
    });
  }

  async stopPool(): Promise<void> {
    await this.service?.close();
    this.service = null;
  }

  /** The program itself, with what its pod would have and nothing more. */
  async startHome({ homeId, deploymentId, token }: DedicatedHome): Promise<RunningHome> {
    const [port, internalPort] = [await freePort(), await freePort()];
    const tokenFile = join(this.files.folder, `token-${homeId}`);
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const child = spawnSource(
      new URL('../main.ts', import.meta.url),
      {},
      {
        ...this.common(),
        ROOT_KEY_FILE: this.files.environment['ROOT_KEY_FILE'] ?? '',
        HTTP_PORT: String(port),
        INTERNAL_PORT: String(internalPort),
        HOME_ID: homeId,
        HOME_KIND: 'dedicated',
        DEPLOYMENT_ID: deploymentId,
        REDIS_PREFIX: redisPrefix(homeId),
        ENROLLMENT_URL: `http://127.0.0.1:${this.internalPort}`,
        ENROLLMENT_TOKEN_FILE: tokenFile,
      },
    );
    this.children.push(child);
    return { url: `http://127.0.0.1:${port}`, internalUrl: `http://127.0.0.1:${internalPort}`, child };
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.children.map(({ ended }) => ended));
    await this.stopPool();
    await this.homeDatabase.drop();
    await dropHome(this.superUrl, this.homeId, this.schema.hash);
    await this.kafka.close();
    rmSync(this.files.folder, { recursive: true, force: true });
  }

  private readonly provisionerPassword = randomBytes(12).toString('hex');

  private async prepare(): Promise<void> {
    const { provisioner } = homeRoleNames(this.homeId);
    await this.admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${this.provisionerPassword}'`);
    await this.admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
    await ensureTemplate({ provisionerUrl: this.provisionerUrl, homeId: this.homeId, schema: this.schema });
    await this.send(this.issuer.keyRecord(this.kid));
  }

  private common(): Record<string, string> {
    return {
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'fatal',
      INSTANCE_ID: `home-${randomUUID()}`,
      REGION: this.kafka.region,
      KAFKA_BROKERS: this.kafka.connection('home').brokers.join(','),
    };
  }
}
