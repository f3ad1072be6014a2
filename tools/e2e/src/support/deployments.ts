import { waitFor } from '@biplane/testing';
import { insistently } from './persist.js';
import type { Operation } from './operations.js';
import type { E2eStack } from './stack.js';

export interface DeploymentPage {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly homeId: string;
  readonly epoch: number;
  readonly url: string;
  readonly conditions: readonly Condition[];
  readonly retirement: { readonly purgeAfter: string | null } | null;
}

interface Condition {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string | null;
}

export interface HomeObject {
  readonly homeId: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
}

const SEEN = { deadlineMs: 90_000, everyMs: 250 };

export function pageOf(stack: E2eStack, id: string): Promise<DeploymentPage> {
  return insistently<DeploymentPage>(stack.core, { method: 'GET', path: `/api/v1/deployments/${id}` }, 200);
}

/** Until the deployment's page says that the cluster returned this; a look of the reconciler may still be to come. */
export async function awaitCondition(stack: E2eStack, id: string, type: string, reason: string): Promise<Condition> {
  let last: readonly Condition[] = [];
  return waitFor(
    `${type} of ${id} to be ${reason}`,
    async () => {
      last = (await pageOf(stack, id)).conditions;
      return last.find((condition) => condition.type === type && condition.reason === reason);
    },
    SEEN,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last: ${JSON.stringify(last)}`);
  });
}

export async function objectsOf(stack: E2eStack, id: string): Promise<readonly HomeObject[]> {
  const request = { method: 'GET', path: `/api/v1/deployments/${id}/objects` };
  return (await insistently<{ data: HomeObject[] }>(stack.core, request, 200)).data;
}

export function transition(stack: E2eStack, id: string, to: string): Promise<unknown> {
  const body = { to, reason: `${to}, by a suite` };
  return stack.core.expect(200, 'POST', `/api/v1/deployments/${id}/transition`, body);
}

export function beginMove(stack: E2eStack, id: string, to: string): Promise<Operation> {
  const headers = { 'idempotency-key': `move-${id}` };
  const request = {
    method: 'POST',
    path: `/api/v1/deployments/${id}/move`,
    body: { to, reason: 'of a suite' },
    headers,
  };
  return insistently<Operation>(stack.core, request, 202);
}

/** All its deployments end; each by an operation of its own. */
export async function retireTenant(stack: E2eStack, tenantId: string): Promise<readonly Operation[]> {
  const request = { method: 'DELETE', path: `/api/v1/tenants/${tenantId}`, body: { reason: 'the suite is over' } };
  return (await insistently<{ operations: Operation[] }>(stack.core, request, 202)).operations;
}
