import { randomUUID } from 'node:crypto';
import type { InstanceStatus, LicenseApplied } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import { CLOCK, querySql, UnitOfWork } from '@biplane/service-kit';
import { eventually, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { AppliedService } from '../features/licenses/index.js';
import { SuspendedHomes } from '../features/homes/index.js';
import { OperationJobs } from '../features/operations/operations.jobs.js';
import { runCore, type RunningCore } from './running-core.js';
import { prepareCatalog, tenantBody } from './scenario.js';

export interface ShownOperation {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly nextActionAt: string | null;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly reason: string | null }[];
}

export interface ShownDeployment {
  readonly id: string;
  readonly tenantId: string;
  readonly state: string;
  readonly placements: readonly { readonly to: string | null }[];
  readonly retirement: { readonly step: string | null; readonly purgeAfter: string | null } | null;
}

export interface RetirementRig {
  readonly postgres: TestPostgres;
  readonly core: RunningCore;
  readonly admin: ServiceClient;
  /** Of the pool. */
  readonly homeId: string;
  /** Moves the Clock of the service, and waits until it has. */
  at(instant: string): Promise<void>;
  /** A tenant whose only deployment is ready. */
  tenant(over?: Record<string, unknown>): Promise<{ tenantId: string; deploymentId: string }>;
  /** Its home says what it has of the deployment. */
  report(deploymentId: string, state: LicenseApplied['database']['state']): Promise<void>;
  /** Every home has closed all hours up to then. */
  closeHours(to: string): Promise<void>;
  /** The last process of a home said, a minute into the hour, what that holds. */
  closesInSleep(homeId: string, hour: string): Promise<void>;
  retire(deploymentId: string, reason?: string): Promise<ShownOperation>;
  /** After what is due was looked after, as it is every second. */
  operation(id: string): Promise<ShownOperation>;
  ended(id: string, state: 'succeeded' | 'failed'): Promise<ShownOperation>;
  /** Looks after all operations that are due. */
  lookAfter(): Promise<void>;
  /** Stops the homes of suspended deployments that have told everything. */
  sleep(): Promise<void>;
  deployment(id: string): Promise<ShownDeployment>;
  /** Homes of its own that are not gone, as they shall be. */
  homes(deploymentId: string): Promise<{ homeId: string; desired: string }[]>;
  /** Waits until the operation stands at the step and says what for, and shows it. */
  standsAt(id: string, step: string): Promise<ShownOperation>;
  /** The same, while every home goes on saying that it enforces every license that it has to: another may just be issued. */
  goesOnTo(id: string, step: string): Promise<ShownOperation>;
  close(): Promise<void>;
}

interface ShownClaims {
  readonly jti: string;
  readonly placement: { readonly homeId: string; readonly epoch: number };
}

const REGION = 'eu-1';

/** A core-api without a broker, and a pool that says what a suite has it say: for suites that end deployments. */
export async function retirementRig(startAt: string): Promise<RetirementRig> {
  const postgres = await testPostgres('core');
  const core = await runCore({
    databaseUrl: postgres.url,
    regions: [REGION],
    startAt,
    clients: { reader: ['platform:read'] },
  });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  const homeId = randomUUID();
  const inTransaction = core.app.get(UnitOfWork);
  // The first transaction of a process on a busy machine may not come to its turn.
  await eventually(() => inTransaction.run((tx) => querySql(tx, 'SELECT 1')));
  await prepareCatalog(admin, { region: REGION, homeId, key: core.key });
  const now = async () => ((await admin.expect(200, 'GET', '/version')) as { now: string }).now;
  const applied = core.app.get(AppliedService);
  const [jobs, clock] = [core.app.get(OperationJobs, { strict: false }), core.app.get<Clock>(CLOCK, { strict: false })];
  const lookAfter = () => jobs.lookAfter(clock.now());
  // What is due is looked after every second: a suite of many steps does not wait for that.
  const operation = async (id: string) => {
    await lookAfter();
    return (await admin.expect(200, 'GET', `/api/v1/operations/${id}`)) as ShownOperation;
  };
  const report: RetirementRig['report'] = async (deploymentId, state) => {
    const license = await admin.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`);
    const { version, document } = license as { version: number; document: ShownClaims };
    const { placement, jti } = document;
    const record: LicenseApplied = {
      ...{ deploymentId, homeId: placement.homeId, epoch: placement.epoch },
      ...{ licenseVersion: version, licenseJti: jti, appliedAt: await now() },
      database: { state, name: `tenant_${deploymentId.replaceAll('-', '')}`, schemaVersion: null },
      adminBootstrapped: true,
    };
    await inTransaction.run((tx) => applied.receiveApplied(tx, record, { region: REGION, key: deploymentId }));
  };
  const enforce = async () => {
    const heads = await postgres.query<{ homeId: string; deploymentId: string; version: number }>(
      `SELECT home_id::text AS "homeId", deployment_id::text AS "deploymentId", version::int AS version FROM license_head`,
    );
    for (const home of new Set(heads.map((head) => head.homeId))) {
      const own = heads.filter((head) => head.homeId === home);
      const status: InstanceStatus = {
        ...{ instanceId: `home-${home}`, homeId: home, region: REGION, kids: [core.key.kid] },
        ...{ applied: own.map(({ deploymentId, version }) => ({ deploymentId, version })) },
        ...{ licensesDigest: '0'.repeat(64), licenseCount: own.length, refused: 0, schemaVersion: null },
        ...{ draining: false, at: await now() },
      };
      const received = { region: REGION, key: status.instanceId };
      await inTransaction.run((tx) => applied.receiveStatus(tx, status, received));
    }
  };
  const standsAt = (id: string, step: string, meanwhile = () => Promise.resolve()) =>
    waitFor(`the step ${step}`, async () => {
      await meanwhile();
      const shown = await operation(id);
      const present = shown.steps.find(({ state }) => state !== 'succeeded');
      return present?.name === step && present.reason !== null && shown;
    });
  return {
    ...{ postgres, core, admin, homeId, report, operation, lookAfter },
    sleep: () => core.app.get(SuspendedHomes, { strict: false }).stop(clock.now()),
    async at(instant) {
      core.setClock(instant);
      await waitFor('the clock', async () => Math.abs(Date.parse(await now()) - Date.parse(instant)) < 60_000);
    },
    async tenant(over = {}) {
      const body = { ...tenantBody(`t-${randomUUID().slice(0, 8)}`, REGION), ...over };
      const created = await admin.expect(202, 'POST', '/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
      const { tenant, deployment } = created as { tenant: { id: string }; deployment: { id: string } };
      await report(deployment.id, 'ready');
      return { tenantId: tenant.id, deploymentId: deployment.id };
    },
    async closeHours(to) {
      await postgres.query(
        `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, received_at)
         SELECT home.id, 1, hour, $2, 1, 0, '', true, hour + interval '65 minutes'
           FROM (SELECT $1::uuid AS id UNION SELECT home_id FROM license_head) AS home,
             generate_series($3::timestamptz, $4::timestamptz - interval '1 hour', interval '1 hour') AS hour
         ON CONFLICT DO NOTHING`,
        [homeId, REGION, startAt.slice(0, 10), to],
      );
    },
    async closesInSleep(home, hour) {
      await postgres.query(
        `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, closed_at, received_at)
         VALUES ($1::uuid, 1, $2::timestamptz, $3, 1, 0, '', true, $2::timestamptz + interval '1 minute', $2::timestamptz + interval '2 minutes')`,
        [home, hour, REGION],
      );
    },
    async retire(deploymentId, reason = 'the customer has left') {
      const operation = await admin.expect(202, 'DELETE', `/api/v1/deployments/${deploymentId}`, { reason });
      return operation as ShownOperation;
    },
    async deployment(id) {
      return (await admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as ShownDeployment;
    },
    homes: (deploymentId) =>
      postgres.query(
        `SELECT home_id::text AS "homeId", desired FROM dedicated_home WHERE deployment_id = $1::uuid AND gone_at IS NULL`,
        [deploymentId],
      ),
    ended: (id, state) =>
      waitFor(`an operation that ${state}`, async () => {
        await jobs.expire(clock.now());
        const shown = await operation(id);
        return shown.state === state && shown;
      }),
    standsAt,
    goesOnTo: (id, step) => standsAt(id, step, enforce),
    async close() {
      await core.close();
      await postgres.drop();
    },
  };
}

/** What the step says: what it waits for, or what it came to. */
export function reasonOf({ steps }: ShownOperation, name: string): string | null {
  return steps.find((step) => step.name === name)?.reason ?? null;
}
