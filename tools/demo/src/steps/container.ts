import { join } from 'node:path';
import { appliedObjects } from '../applied-objects.js';
import type { DemoContext } from '../context.js';
import { insist, insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { ownHome } from '../own-home.js';
import { scenario, umbrella } from '../scenario.js';
import { counted, dropletHours } from '../droplet-hours.js';
import { check, type Decision } from './gate.js';
import { startMove } from './move.js';
import { succeeded, type CreatedTenant } from './tenant.js';

interface DeploymentPage {
  readonly homeId: string;
  readonly database: string;
  readonly conditions: readonly { readonly type: string; readonly status: boolean }[];
}

const needed = ['Namespace', 'NetworkPolicy', 'ResourceQuota', 'Secret', 'Deployment', 'Service', 'Ingress'];
const conditions = ['LicenseEnforced', 'DatabaseReady', 'AdminBootstrapped', 'Applied', 'Available'];
const action = 'financials:automated_billing';

/** Asks for two containers at once: one for a tenant whose compliance needs it, one to move a tenant of the pool to, while it is used. */
export async function askForContainers(context: DemoContext): Promise<Outcome> {
  const headers = { 'Idempotency-Key': 'demo-create-umbrella' };
  const { tenant, deployment, operation } = (await context.core.expect(
    202,
    'POST',
    '/api/v1/tenants',
    umbrella,
    headers,
  )) as CreatedTenant;
  insistEqual(deployment.type, 'container_per_tenant', "the type of Umbrella's deployment");
  context.umbrella = { tenantId: tenant.id, deploymentId: deployment.id, operationId: operation.id };
  await startMove(context);
  return {
    headline: `Umbrella gets a container of its own (${deployment.reasons.join('; ')}); Acme, in use, is to move to one`,
  };
}

/** Umbrella's home is a process that nothing but the applied objects has started. */
export async function awaitContainer(context: DemoContext, folder: string): Promise<Outcome> {
  const { deploymentId, operationId } = context.umbrella;
  await succeeded(context, operationId);
  const page = await until(
    'every condition of the deployment to hold',
    60_000,
    () => pageOf(context, deploymentId),
    (shown) => conditions.every((type) => shown.conditions.some((is) => is.type === type && is.status)),
  );
  insist(page.homeId !== context.client.stack.homes[scenario.region], 'a home other than the pool of the region');
  const { kinds, where } = await appliedObjects(context, page.homeId, join(folder, 'umbrella'));
  for (const kind of needed) insist(kinds.includes(kind), `${kind} among the applied objects, got ${kinds.join(', ')}`);
  const license = await context.license(deploymentId);
  return {
    headline: `${kinds.length} objects applied; the pod they started has enrolled and enforces license v${license.version}`,
    details: [tally(kinds), where, `database ${page.database}; ${conditions.join(', ')} hold`],
  };
}

/** Its own address answers the gate and takes usage; the pool knows neither. */
export async function useTheContainer(context: DemoContext): Promise<Outcome> {
  const { deploymentId, tenantId } = context.umbrella;
  const home = await ownHome(context, (await pageOf(context, deploymentId)).homeId);
  const question = { deploymentId, action };
  const allowed = (await home.gate.expect(200, 'POST', '/internal/gate/check', question)) as Decision;
  insistEqual(allowed.outcome, 'allow', "the gate of Umbrella's own home");
  const inPool = await check(context, action, deploymentId);
  insistEqual(inPool.outcome, 'deny', "the pool to be asked for Umbrella's license");
  const event = dropletHours(deploymentId, 'umbrella-first', await context.now(), '24');
  const type = { 'content-type': 'application/cloudevents+json' };
  const answer = await home.submitter.expect(202, 'POST', '/api/v1/usage', event, type);
  insistEqual((answer as { accepted: number }).accepted, 1, 'the usage that its own home accepted');
  await counted(context, tenantId, '24');
  return {
    headline: `at ${home.url} the gate allows, and 24 droplet hours are counted by core-api; the pool refuses (${inPool.code})`,
  };
}

async function pageOf({ core }: DemoContext, deploymentId: string): Promise<DeploymentPage> {
  return (await core.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`)) as DeploymentPage;
}

function tally(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => (count > 1 ? `${count} ${kind}` : kind)).join(', ');
}
