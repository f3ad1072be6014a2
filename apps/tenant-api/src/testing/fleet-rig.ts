import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@biplane/kernel';
import { homeRoleNames, tenantDatabaseName, type LicenseClaims } from '@biplane/licensing';
import { Outbox } from '@biplane/messaging';
import { JobRunner, Metrics, RandomIds, SystemClock, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  newPlacement,
  requiredVariable,
  TestIssuer,
  testPostgres,
  testUnitOfWork,
  type Placement,
  type TestPostgres,
} from '@biplane/testing';
import { DatabaseMigrator } from '../features/fleet/database-migrator.js';
import { FleetMetrics } from '../features/fleet/fleet.metrics.js';
import { FleetService } from '../features/fleet/fleet.service.js';
import { FleetWorker } from '../features/fleet/fleet.worker.js';
import { AppliedReporter } from '../features/tenancy/applied-reporter.js';
import { readTenantSchema, type TenantSchema } from '../features/tenancy/schema-folder.js';
import { urlFor, withSession } from '../features/tenancy/server-session.js';
import { TenantSchemas } from '../features/tenancy/tenant-schemas.service.js';
import { ensureTemplate } from '../features/tenancy/tenant-template.js';
import { dropHome } from './drop-home.js';
import { HomeReplica, newFieldKey, type RigOptions } from './home-rig.js';

/** A replica with what it needs to migrate the fleet; its jobs run when a suite says so. */
export class FleetReplica {
  readonly home: HomeReplica;
  readonly schemas: TenantSchemas;
  readonly migrator: DatabaseMigrator;
  readonly fleet: FleetService;
  readonly worker: FleetWorker;
  readonly metrics: FleetMetrics;

  constructor(readonly options: RigOptions) {
    const { clock, unitOfWork } = options;
    this.home = new HomeReplica(options);
    const { licenses, server, secrets, home } = this.home;
    const ids = new RandomIds(clock);
    const kit = new Metrics();
    const jobs = new JobRunner(clock, kit);
    const reporter = new AppliedReporter(home, new Outbox({ clock }), clock, ids);
    this.schemas = new TenantSchemas(server, secrets, licenses, reporter, unitOfWork, clock);
    this.migrator = new DatabaseMigrator(this.schemas, clock);
    this.fleet = new FleetService(this.schemas, licenses, unitOfWork, clock, ids);
    this.metrics = new FleetMetrics(kit, this.schemas, unitOfWork, jobs);
    this.worker = new FleetWorker(
      ...([home, this.migrator, this.schemas, licenses, unitOfWork, this.metrics, clock, ids, jobs] as const),
    );
  }

  /** Works until nothing of the open run is due. */
  async work(runId: string): Promise<void> {
    await this.worker.work(await this.fleet.find(runId));
  }

  async close(): Promise<void> {
    await this.worker.beforeApplicationShutdown();
    await this.home.close();
  }
}

/** A home with many small tenants, whose program gets further migrations as a suite goes on. */
export class FleetScene {
  readonly homeId = randomUUID();
  readonly clock = new FakeClock(new SystemClock().now());
  readonly issuer = new TestIssuer('eu-1', this.clock.now());
  readonly placements: Placement[] = [];
  readonly base = readTenantSchema();
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  readonly fieldKey = newFieldKey();
  readonly provisionerUrl: string;
  private readonly password = randomBytes(12).toString('hex');
  private readonly superUrl = requiredVariable('TEST_POSTGRES_URL');
  private readonly replicas: FleetReplica[] = [];
  private readonly licenses = new Map<string, string>();

  private constructor(
    readonly database: TestPostgres,
    readonly unitOfWork: UnitOfWork,
  ) {
    const user = homeRoleNames(this.homeId).provisioner;
    this.provisionerUrl = urlFor(this.superUrl, 'postgres', { user, password: this.password });
    cpSync(this.base.folder, join(this.folder, 'migrations'), { recursive: true });
  }

  static async of(tenants: number): Promise<FleetScene> {
    const database = await testPostgres('home');
    const scene = new FleetScene(database, await testUnitOfWork('home', database.url));
    const { provisioner } = homeRoleNames(scene.homeId);
    await scene.admin(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${scene.password}'`);
    await scene.admin(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
    await ensureTemplate({ provisionerUrl: scene.provisionerUrl, homeId: scene.homeId, schema: scene.base });
    for (let no = 0; no < tenants; no += 1) scene.license(scene.newPlacement());
    const first = await scene.replica();
    await Promise.all(scene.placements.map(({ deploymentId }) => first.home.tenancy.initialize(deploymentId)));
    return scene;
  }

  newPlacement(): Placement {
    const placement = newPlacement(this.homeId);
    this.placements.push(placement);
    return placement;
  }

  /** The newest license, which replicas made from now on hold. */
  license(placement: Placement, changes: Partial<LicenseClaims> = {}): void {
    this.licenses.set(placement.deploymentId, this.issuer.sign(this.issuer.claims(placement, changes), 'k1'));
  }

  get records() {
    const licenses = [...this.licenses].map(([id, compact]) => this.issuer.licenseRecord(id, compact));
    return [this.issuer.keyRecord('k1'), ...licenses];
  }

  /** The program's next release: one more migration. */
  release(name: string, sql: string): TenantSchema {
    const folder = join(this.folder, 'migrations', name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'migration.sql'), sql);
    return readTenantSchema(join(this.folder, 'migrations'));
  }

  /** A release that was no good is not in the next one. */
  withdraw(name: string): void {
    rmSync(join(this.folder, 'migrations', name), { recursive: true });
  }

  async replica(schema: TenantSchema = this.base, clock: Clock = this.clock): Promise<FleetReplica> {
    const { homeId, unitOfWork, provisionerUrl, fieldKey } = this;
    const rootKey = this.issuer.rootPublicKey;
    const replica = new FleetReplica({
      ...{ clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey, schema },
    });
    this.replicas.push(replica);
    for (const record of this.records) await replica.home.keeper.takeRecord(record);
    return replica;
  }

  /** As super user, on the server or in one tenant's database. */
  async admin<Row extends object>(sql: string, deploymentId?: string): Promise<Row[]> {
    const url = deploymentId === undefined ? this.superUrl : this.tenantUrl(deploymentId);
    return withSession(url, async (session) => (await session.query(sql)).rows as Row[]);
  }

  tenantUrl(deploymentId: string): string {
    return urlFor(this.superUrl, tenantDatabaseName(deploymentId));
  }

  async states(runId: string): Promise<Record<string, number>> {
    const rows = await this.database.query<{ state: string; count: number }>(
      'SELECT state, count(*)::int AS count FROM fleet_migration WHERE run_id = $1 GROUP BY state',
      [runId],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  async close(): Promise<void> {
    for (const replica of this.replicas) await replica.close();
    await this.unitOfWork.close();
    await this.database.drop();
    await dropHome(this.superUrl, this.homeId, this.base.hash);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
