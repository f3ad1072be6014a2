import { randomUUID } from 'node:crypto';
import { publishPlan, ServiceClient, testPostgres, type TestPostgres } from '@biplane/testing';
import { runCore, type CoreOptions, type RunningCore } from './running-core.js';
import { prepareCatalog, studio, tenantBody } from './scenario.js';

export interface ShownSubscription {
  readonly id: string;
  readonly status: string;
  readonly plan: { readonly code: string; readonly version: number };
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly period: { readonly from: string; readonly to: string };
}

/** A core-api without a broker over a database of its own, with its catalog and a few verbs: for suites of its rules. */
export interface CoreSuite {
  readonly postgres: TestPostgres;
  readonly core: RunningCore;
  readonly admin: ServiceClient;
  /** A tenant of its own; the body may be changed. */
  tenant(
    over?: Record<string, unknown>,
  ): Promise<{ tenantId: string; deploymentId: string; subscription: ShownSubscription }>;
  subscription(deploymentId: string): Promise<ShownSubscription>;
  /** Claims of the present license. */
  license(deploymentId: string): Promise<ShownClaims>;
  events(type: string, deploymentId: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface ShownClaims {
  readonly version: number;
  readonly status: string;
  readonly iat: number;
  readonly exp: number;
  readonly startsAt: string;
  readonly noticeAt: string;
  readonly termEndsAt: string;
  readonly graceEndsAt: string;
  readonly plan: { readonly code: string; readonly version: number };
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly modules: Readonly<
    Record<string, { readonly limits: readonly { meter: string; cap: string; strategy: string }[] }>
  >;
}

export async function coreSuite(
  options: { startAt: string } & Pick<CoreOptions, 'clients' | 'clusters'>,
): Promise<CoreSuite> {
  const postgres = await testPostgres('core');
  const core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], ...options });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
  const subscription = async (deploymentId: string) => {
    const page = await admin.expect(200, 'GET', `/api/v1/billing/subscriptions?deploymentId=${deploymentId}`);
    return (page as { data: ShownSubscription[] }).data[0]!;
  };
  return {
    postgres,
    core,
    admin,
    subscription,
    async tenant(over = {}) {
      const body = { ...tenantBody(`t-${randomUUID().slice(0, 8)}`, 'eu-1'), ...over };
      const key = { 'idempotency-key': randomUUID() };
      const answer = await admin.expect(202, 'POST', '/api/v1/tenants', body, key);
      const created = answer as { tenant: { id: string }; deployment: { id: string } };
      const deploymentId = created.deployment.id;
      return { tenantId: created.tenant.id, deploymentId, subscription: await subscription(deploymentId) };
    },
    async license(deploymentId) {
      const shown = await admin.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`);
      return (shown as { document: ShownClaims }).document;
    },
    async events(type, deploymentId) {
      const rows = await postgres.query<{ value: string }>(
        `SELECT value FROM outbox WHERE headers->>'ce_type' = $1 AND headers->>'ce_subject' = $2 ORDER BY id`,
        [type, deploymentId],
      );
      return rows.map(({ value }) => JSON.parse(value) as Record<string, unknown>);
    },
    async close() {
      await core.close();
      await postgres.drop();
    },
  };
}

/** A further plan like the studio, published. */
export async function publishLike(
  admin: ServiceClient,
  plan: { code: string; rank: number } & Record<string, unknown>,
) {
  const { code, rank, ...version } = plan;
  const body = { ...studio, code, rank, version: { ...studio.version, ...version } };
  await publishPlan(admin, body);
}
