import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LicenseClaims } from '@biplane/licensing';
import { SystemClock, type UnitOfWork } from '@biplane/service-kit';
import type { Clock } from '@biplane/kernel';
import { requiredVariable, spawnSource, testUnitOfWork, waitFor, type Child, type Placement } from '@biplane/testing';
import { Redis } from 'ioredis';
import { redisPrefix } from '../redis-prefix.js';
import { withSession } from '../features/tenancy/server-session.js';
import type { BillingChildInput } from './billing.child.js';
import { BillingReplica } from './billing-replica.js';
import { FleetScene } from './fleet-rig.js';
import { holdAccount } from './held-account.js';
import { insertManyItems, type ManyItems } from './many-items.js';

const CHILD = new URL('./billing.child.ts', import.meta.url);

/** A home with tenants whose members have items, and replicas that bill them: in this process, and in processes of their own. */
export class BillingRig {
  readonly redisUrl = requiredVariable('TEST_REDIS_URL');
  readonly redis = new Redis(this.redisUrl);
  private readonly children: Child[] = [];
  private readonly replicas: BillingReplica[] = [];
  private readonly databases = new Map<string, UnitOfWork>();
  private versions = 1;

  private constructor(readonly scene: FleetScene) {}

  static async open(tenants = 1): Promise<BillingRig> {
    return new BillingRig(await FleetScene.of(tenants));
  }

  /** The first of them. */
  get tenant(): Placement {
    return this.scene.placements[0]!;
  }

  get homeId(): string {
    return this.scene.homeId;
  }

  /** A replica in this process; with a Clock of the suite's own, or the machine's, which is that of the children. */
  async replica(clock: Clock = new SystemClock(), redisUrl = this.redisUrl): Promise<BillingReplica> {
    const { homeId, unitOfWork, provisionerUrl, fieldKey, issuer } = this.scene;
    const rootKey = issuer.rootPublicKey;
    const replica = new BillingReplica({
      ...{ clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey, redisUrl },
    });
    this.replicas.push(replica);
    for (const record of this.scene.records) await replica.home.keeper.takeRecord(record);
    return replica;
  }

  /** The next license, known to this replica as soon as it resolves. */
  async license(replica: BillingReplica, changes: Partial<LicenseClaims>, placement = this.tenant): Promise<void> {
    this.versions += 1;
    this.scene.license(placement, { version: this.versions, ...changes });
    const record = this.scene.records.find(({ key }) => String(key) === placement.deploymentId)!;
    await replica.home.keeper.takeRecord(record);
  }

  /** A process that looks once at the tenant and ends, or is killed at the fault point. */
  look(faults: string, { deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant): Child {
    return this.spawn({ look: { deploymentId, epoch: 1 } }, faults);
  }

  /** A process that gives to the queue what is due and ends, or is killed at the fault point. */
  give(faults: string): Child {
    return this.spawn({ give: true }, faults);
  }

  /** Processes that work on the home's queue until they are killed. */
  async workers(count: number, faults = ''): Promise<Child[]> {
    const started = Array.from({ length: count }, () => {
      const announce = join(this.scene.folder, `worker-${this.children.length}`);
      return { announce, child: this.spawn({ announce }, faults) };
    });
    await waitFor('the workers', () => started.every(({ announce }) => existsSync(announce)));
    return started.map(({ child }) => child);
  }

  private spawn(what: Partial<BillingChildInput>, faults: string): Child {
    const { database, provisionerUrl, homeId, fieldKey, issuer, records } = this.scene;
    const input: BillingChildInput = {
      ...{ homeUrl: database.url, provisionerUrl, redisUrl: this.redisUrl, homeId, ...what },
      fieldKey: fieldKey.toString('base64'),
      rootJwk: issuer.rootPublicKey.export({ format: 'jwk' }) as Record<string, string>,
      records: records.map(({ topic, key, headers, value }) => {
        return { topic, key: String(key), headers: { ...headers }, value: String(value) };
      }),
    };
    const child = spawnSource(CHILD, input, { NODE_ENV: 'test', ...(faults !== '' && { FAULT_POINTS: faults }) });
    this.children.push(child);
    return child;
  }

  /** In the tenant's database, as super user. */
  async query<Row extends object>(
    sql: string,
    values: unknown[] = [],
    { deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant,
  ): Promise<Row[]> {
    const url = this.scene.tenantUrl(deploymentId);
    return withSession(url, async (session) => (await session.query(sql, values)).rows as Row[]);
  }

  fill(items: ManyItems, placement: Pick<Placement, 'deploymentId'> = this.tenant): Promise<void> {
    return insertManyItems((sql, values) => this.query(sql, values, placement), items);
  }

  /** A schedule whose turn has come. */
  async makeDue(
    kind: 'billing' | 'statements',
    at: Date,
    { deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant,
  ): Promise<void> {
    await this.query(
      `INSERT INTO billing_schedule VALUES ($1, NULL, 'Europe/Zurich', true, $2, $2)
       ON CONFLICT (kind) DO UPDATE SET next_due_at = excluded.next_due_at`,
      [kind, at],
      { deploymentId },
    );
    await this.scene.database.query(
      `INSERT INTO billing_due VALUES ($1, $2, NULL, $2)
       ON CONFLICT (deployment_id) DO UPDATE SET due_at = excluded.due_at, queued_at = NULL`,
      [deploymentId, at],
    );
  }

  /** Holds the account of the item that is due in that place of the order; whoever comes to it waits. Returns how to let go. */
  async hold(
    place: number,
    now: Date,
    { deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant,
  ): Promise<() => Promise<void>> {
    return holdAccount(this.scene.tenantUrl(deploymentId), place, now);
  }

  /** When somebody waits for what is held. */
  async isWaiting({ deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant): Promise<boolean> {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await this.query(sql, [], { deploymentId })).length > 0;
  }

  /** The tenant's database by a pool of its own. */
  async database({ deploymentId }: Pick<Placement, 'deploymentId'> = this.tenant): Promise<UnitOfWork> {
    const known = this.databases.get(deploymentId);
    if (known) return known;
    const opened = await testUnitOfWork('tenant', this.scene.tenantUrl(deploymentId));
    this.databases.set(deploymentId, opened);
    return opened;
  }

  /** As a flush does it, of this home alone: others use the same server. */
  async forgetQueue(): Promise<void> {
    const keys = await this.redis.keys(`${redisPrefix(this.homeId)}*`);
    if (keys.length > 0) await this.redis.del(...keys);
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.children.map(({ ended }) => ended));
    for (const replica of this.replicas) await replica.close();
    for (const database of this.databases.values()) await database.close();
    await this.forgetQueue();
    this.redis.disconnect();
    await this.scene.close();
  }
}
