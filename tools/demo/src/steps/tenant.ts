import type { acmeTenant } from '@biplane/testing';
import type { DemoContext, Provisioned } from '../context.js';
import { insist, insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { acme } from '../scenario.js';

export interface CreatedTenant {
  readonly tenant: { readonly id: string };
  readonly deployment: {
    readonly id: string;
    readonly type: string;
    readonly reasons: readonly string[];
    readonly database: string;
  };
  readonly operation: { readonly id: string };
  readonly inviteToken: string | null;
}

interface Operation {
  readonly state: string;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly reason: string | null }[];
}

/** Creates the tenant twice under one key: one tenant, and the secret is shown once. */
export async function createTenant(context: DemoContext): Promise<Outcome> {
  const key = { 'Idempotency-Key': 'demo-create-acme' };
  const created = (await context.core.expect(202, 'POST', '/api/v1/tenants', acme, key)) as CreatedTenant;
  const replayed = (await context.core.expect(202, 'POST', '/api/v1/tenants', acme, key)) as CreatedTenant;
  insistEqual(replayed.tenant.id, created.tenant.id, 'the same key to answer with the same tenant');
  insist(typeof created.inviteToken === 'string', 'the invite token to be shown once');
  insistEqual(replayed.inviteToken, null, 'the invite token not to be shown again');
  context.tenantId = created.tenant.id;
  context.deploymentId = created.deployment.id;
  context.operationId = created.operation.id;
  context.inviteToken = created.inviteToken;
  return {
    headline: `Acme is a tenant; its deployment is ${created.deployment.type}`,
    details: [
      `database ${created.deployment.database}`,
      'the same POST again: the same tenant, the invite token not shown twice',
    ],
  };
}

/** Waits for the real `license.applied`: nothing here assumes that the data plane did its part. */
export async function awaitReady(context: DemoContext): Promise<Outcome> {
  const operation = await succeeded(context, context.operationId);
  const license = await context.license();
  return {
    headline: `license v${license.version} enforced by ${license.enforcedBy.length} instance(s), database ready, admin bootstrapped`,
    details: [operation.steps.map(({ name }) => name).join(' → '), `propagated in ${license.propagation.millis} ms`],
  };
}

/** A further tenant, from its creation to its readiness. */
export async function provision(
  context: DemoContext,
  body: ReturnType<typeof acmeTenant>,
  key: string,
): Promise<Provisioned> {
  const headers = { 'Idempotency-Key': key };
  const { tenant, deployment, operation } = (await context.core.expect(
    202,
    'POST',
    '/api/v1/tenants',
    body,
    headers,
  )) as CreatedTenant;
  await succeeded(context, operation.id);
  return { tenantId: tenant.id, deploymentId: deployment.id };
}

/** A container, on a machine that does other things besides, too. */
const readyWithinMs = 240_000;

export async function succeeded(context: DemoContext, operationId: string): Promise<Operation> {
  const operation = await until(
    'the provisioning operation to succeed',
    readyWithinMs,
    async () => (await context.core.expect(200, 'GET', `/api/v1/operations/${operationId}`)) as Operation,
    ({ state }) => state === 'succeeded' || state === 'failed',
  );
  insistEqual(operation.state, 'succeeded', 'the provisioning operation');
  return operation;
}
