import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, FieldCipher, parseFieldKeys, type RunningService } from '@biplane/service-kit';
import { testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import {
  loadClusterSettings,
  type ClusterGateway,
  type ClusterSettings,
  type KubernetesObject,
} from '../features/cluster/index.js';
import { objectsOf, WantedHomes } from '../features/homes/index.js';
import { tokenPlace } from '../features/homes/token-place.js';
import { FullPass } from '../features/reconciler/index.js';
import { RECONCILER_DOCS, ReconcilerAppModule } from '../reconciler-app.module.js';
import type { ReconcilerEnvironment } from '../reconciler-environment.js';
import { clusterSettingsOf } from './cluster/home-fixture.js';

/** Everything that a reconciler process is started with; a child process gets it as JSON. */
export interface ReconcilerInput {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly platform: string;
  /** Of a child process: how it reaches the cluster. */
  readonly kubeconfig?: string;
}

export interface MadeHome {
  readonly homeId: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly namespace: string;
}

export interface Condition {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string | null;
  readonly since: Date;
}

/** A core database with homes in it, and reconcilers over it. */
export class ReconcilerRig {
  private offsetMs = 0;
  private readonly services: RunningService[] = [];

  private constructor(
    readonly postgres: TestPostgres,
    readonly input: ReconcilerInput,
    private readonly cipher: FieldCipher,
  ) {}

  static async open(platform: string, settings: Partial<ClusterSettings> = {}): Promise<ReconcilerRig> {
    const postgres = await testPostgres('core');
    const folder = mkdtempSync(join(tmpdir(), 'reconciler-test-'));
    const keys = JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString('base64') } });
    writeFileSync(join(folder, 'field-keys.json'), keys);
    const rig = new ReconcilerRig(
      postgres,
      { databaseUrl: postgres.url, folder, platform },
      new FieldCipher(parseFieldKeys(keys)),
    );
    rig.changeSettings(settings);
    rig.advance(0);
    return rig;
  }

  /** What reconcilers that start from now on read. */
  changeSettings(changes: Partial<ClusterSettings>): void {
    writeFileSync(join(this.input.folder, 'cluster-settings.json'), JSON.stringify(clusterSettingsOf(changes)));
  }

  /** Moves the time of all reconcilers. */
  advance(ms: number): void {
    this.offsetMs += ms;
    writeFileSync(join(this.input.folder, 'clock.json'), JSON.stringify({ offsetMs: this.offsetMs }));
  }

  now(): Date {
    // eslint-disable-next-line biplane/clock-only -- the offset of a CLOCK_FILE is measured from the wall clock
    return new Date(Date.now() + this.offsetMs);
  }

  async start(
    gateway: ClusterGateway,
  ): Promise<{ readonly service: RunningService; pass(): Promise<readonly string[]> }> {
    const service = await runReconciler(this.input, gateway);
    this.services.push(service);
    const passes = service.app.get(FullPass, { strict: false });
    return { service, pass: () => passes.run() };
  }

  async home(
    of: { readonly tenant?: string; readonly deployment?: string; readonly desired?: 'running' | 'stopped' } = {},
    isAsked = true,
  ): Promise<MadeHome> {
    const [homeId, tenantId, deploymentId] = [randomUUID(), randomUUID(), randomUUID()] as const;
    const token = randomBytes(32).toString('base64url');
    const sealed = this.cipher.encrypt(tokenPlace(homeId), token);
    const hash = createHash('sha256').update(token).digest('hex');
    await this.postgres.query(
      `INSERT INTO dedicated_home (home_id, tenant_id, deployment_id, region, epoch, url, tenant_slug, deployment_slug, desired, modules,
         kept_running, token_encrypted, token_hash, generation, observed_generation, created_at, updated_at)
       VALUES ($1, $2, $3, 'eu-1', 1, $4, $5, $6, $10, '{financials,studio}', false, $7, $8, 1, 0, $9, $9)`,
      [
        homeId,
        tenantId,
        deploymentId,
        `https://h-${homeId.slice(-12)}.eu-1.homes.example`,
        of.tenant ?? 'acme',
        of.deployment ?? 'studio',
        sealed,
        hash,
        this.now(),
        of.desired ?? 'running',
      ],
    );
    if (isAsked) await this.ask(homeId);
    return { homeId, tenantId, deploymentId, namespace: `t-${homeId.replaceAll('-', '')}` };
  }

  async desire(homeId: string, desired: 'running' | 'stopped' | 'absent'): Promise<void> {
    const absent = ', token_encrypted = NULL, token_hash = NULL, absent_since = $3';
    await this.postgres.query(
      `UPDATE dedicated_home SET desired = $2, generation = generation + 1, updated_at = $3 ${desired === 'absent' ? absent : ''} WHERE home_id = $1`,
      [homeId, desired, this.now()],
    );
    await this.ask(homeId);
  }

  async ask(homeId: string): Promise<void> {
    await this.postgres.query(
      `INSERT INTO reconcile_request (home_id, region, cause, due_at, attempts, wakeups) VALUES ($1, 'eu-1', 'test', $2, 0, 1)
       ON CONFLICT (home_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0, wakeups = reconcile_request.wakeups + 1`,
      [homeId, this.now()],
    );
  }

  async condition(homeId: string, type: string): Promise<Condition | null> {
    const rows = await this.postgres.query<Condition>(
      'SELECT type, status, reason, message, since FROM home_condition WHERE home_id = $1 AND type = $2',
      [homeId, type],
    );
    return rows[0] ?? null;
  }

  /** Waits until the condition has this reason. */
  reason(homeId: string, type: string, reason: string, deadlineMs = 120_000): Promise<Condition> {
    let seen: Condition | null = null;
    const read = async () => {
      seen = await this.condition(homeId, type);
      return seen?.reason === reason ? seen : null;
    };
    return waitFor(`${type} ${reason}`, read, { deadlineMs, everyMs: 50 }).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(seen)}`);
    });
  }

  /** Waits until nothing is left to look at. */
  async settled(deadlineMs = 20_000): Promise<void> {
    const waiting = async () => (await this.postgres.query('SELECT 1 FROM reconcile_request LIMIT 1')).length === 0;
    await waitFor('an empty queue', waiting, { deadlineMs, everyMs: 50 });
  }

  /** What its oldest reconciler brings about for the home. */
  async objects(homeId: string): Promise<readonly KubernetesObject[]> {
    const homes = this.services[0]!.app.get(WantedHomes, { strict: false });
    const settings = new Map<string, ClusterSettings>(
      loadClusterSettings(join(this.input.folder, 'cluster-settings.json')),
    );
    const [home, token] = await Promise.all([homes.find(homeId), homes.enrollmentToken(homeId)]);
    return objectsOf(home!, token!, this.input.platform, settings.get('eu-1')!);
  }

  async audited(homeId: string): Promise<{ action: string; after: Record<string, unknown> }[]> {
    return this.postgres.query('SELECT action, after FROM audit_entry WHERE object_id = $1 ORDER BY id', [homeId]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.splice(0).map((service) => service.close()));
  }

  async close(): Promise<void> {
    await this.stop();
    await this.postgres.drop();
    rmSync(this.input.folder, { recursive: true, force: true });
  }
}

/** A reconciler in this process, as `reconciler.main.ts` starts it; without a gateway it makes its own. */
export function runReconciler(input: ReconcilerInput, gateway?: ClusterGateway): Promise<RunningService> {
  const file = (name: string) => join(input.folder, name);
  const environment = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    HTTP_PORT: 0,
    LOG_LEVEL: 'silent',
    INSTANCE_ID: `reconciler-test-${randomBytes(4).toString('hex')}`,
    CLOCK_FILE: file('clock.json'),
    FAULT_POINTS: undefined,
    FIELD_KEYS_FILE: file('field-keys.json'),
    CORE_DATABASE_URL: input.databaseUrl,
    CLUSTER: 'kubernetes',
    CLUSTER_SETTINGS_FILE: file('cluster-settings.json'),
    KUBECONFIG: input.kubeconfig,
    CLUSTER_FOLDER: undefined,
    PLATFORM: input.platform,
    RECONCILER_REGIONS: undefined,
  } as ReconcilerEnvironment;
  return bootstrap({
    module: ReconcilerAppModule.forRoot(environment, gateway),
    host: environment.HOST,
    port: 0,
    docs: RECONCILER_DOCS,
    handleSignals: false,
  });
}
