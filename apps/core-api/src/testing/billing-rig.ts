import { randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import {
  orThrow,
  parseDeploymentId,
  parseHomeId,
  parseMeterCode,
  parseRegionCode,
  parseTenantId,
  type HomeId,
  type TenantId,
} from '@biplane/kernel';
import { emptyVersion, publishPlan, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { MonthlyBillingService, type HashedBillJson } from '../features/billing/index.js';
import { UsageIntake } from '../features/usage/usage-intake.service.js';
import { runCore, type RunningCore } from './running-core.js';
import { prepareCatalog, studio, tenantBody } from './scenario.js';

export interface BilledScene {
  readonly tenantId: TenantId;
  readonly deploymentId: string;
  readonly subscriptionId: string;
  /** The month as it is computed from what is held, never as it was invoiced. */
  computed(month: string): Promise<string>;
  /** The month as it is answered. */
  month(month: string): Promise<HashedBillJson>;
  used(windowStart: string, quantity: string, revision?: number, meter?: string): Promise<void>;
}

export interface BillingRig {
  readonly postgres: TestPostgres;
  readonly core: RunningCore;
  readonly admin: ServiceClient;
  /** Where its tenants are served. */
  readonly homeId: HomeId;
  /** Moves the Clock of the service, and waits until it has. */
  at(instant: string): Promise<void>;
  /** A plan of one version, published; what it does not say is nothing. */
  plan(code: string, rank: number, version: Record<string, unknown>): Promise<void>;
  /** A tenant that is ready from its creation on, or from `readyAt`. */
  tenant(body: Record<string, unknown>, readyAt?: string): Promise<BilledScene>;
  close(): Promise<void>;
}

/** A core-api without a broker, for suites that follow tenants through months. */
export async function billingRig(startAt: string, clients: Record<string, string[]> = {}): Promise<BillingRig> {
  const postgres = await testPostgres('core');
  const core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt, clients });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  const homeId = orThrow(parseHomeId(randomUUID()));
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
  return {
    postgres,
    core,
    admin,
    homeId,
    async at(instant) {
      core.setClock(instant);
      await waitFor('the clock', async () => {
        const { now } = (await admin.expect(200, 'GET', '/version')) as { now: string };
        return Math.abs(Date.parse(now) - Date.parse(instant)) < 60_000;
      });
    },
    plan: (code, rank, version) =>
      publishPlan(admin, { ...studio, code, name: code, rank, version: { ...emptyVersion, ...version } } as never),
    async tenant(body, readyAt) {
      const wanted = { ...tenantBody(`t-${randomUUID().slice(0, 8)}`, 'eu-1'), ...body };
      const created = await admin.expect(202, 'POST', '/api/v1/tenants', wanted, { 'idempotency-key': randomUUID() });
      const { tenant, deployment } = created as { tenant: { id: string }; deployment: { id: string } };
      const ready = 'UPDATE deployment SET first_ready_at = coalesce($2::timestamptz, created_at) WHERE id = $1::uuid';
      await postgres.query(ready, [deployment.id, readyAt ?? null]);
      return scene({ core, admin, homeId }, tenant.id, deployment.id);
    },
    async close() {
      await core.close();
      await postgres.drop();
    },
  };
}

interface Parts {
  readonly core: RunningCore;
  readonly admin: ServiceClient;
  readonly homeId: HomeId;
}

async function scene({ core, admin, homeId }: Parts, id: string, deploymentId: string): Promise<BilledScene> {
  const tenantId = orThrow(parseTenantId(id));
  const page = await admin.expect(200, 'GET', `/api/v1/billing/subscriptions?deploymentId=${deploymentId}`);
  return {
    tenantId,
    deploymentId,
    subscriptionId: (page as { data: { id: string }[] }).data[0]!.id,
    async computed(month) {
      const bills = await core.app.get(MonthlyBillingService).calculateMany([tenantId], month);
      return JSON.stringify(orThrow(bills.get(tenantId)!).json);
    },
    async month(month) {
      const path = `/api/v1/billing/tenants/${tenantId}/monthly?period=${month}`;
      return (await admin.expect(200, 'GET', path)) as HashedBillJson;
    },
    async used(windowStart, quantity, revision = 1, meter = 'droplet_hours') {
      const { from, to } = hourOf(new Date(windowStart));
      const window = {
        deploymentId: orThrow(parseDeploymentId(deploymentId)),
        meter: orThrow(parseMeterCode(meter)),
        aggregation: 'sum',
        windowStart: from,
        windowEnd: to,
        homeId,
        incarnation: 1,
        revision,
        quantity,
        closed: true,
        licenseVersion: 1,
      } as const;
      const region = orThrow(parseRegionCode('eu-1'));
      await core.app.get(UsageIntake).take({ region, windows: [window], closes: [], limitEvents: [], other: [] });
    },
  };
}
