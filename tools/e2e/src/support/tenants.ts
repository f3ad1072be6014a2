import { randomBytes } from 'node:crypto';
import { acmeTenant, waitFor } from '@biplane/testing';
import { TIME_ZONE } from './month.js';
import { awaitSucceeded } from './operations.js';
import { insistently } from './persist.js';
import { REGION, type E2eStack } from './stack.js';

export interface CreatedTenant {
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
  readonly deployment: { readonly id: string; readonly type: string; readonly database: string };
  readonly operation: { readonly id: string };
  readonly inviteToken: string | null;
}

export interface License {
  readonly deploymentId: string;
  readonly version: number;
  readonly status: string;
  readonly document: { readonly jti: string };
  readonly signed: string;
  readonly enforcedBy: readonly { readonly instanceId: string; readonly version: number; readonly database: string }[];
}

export interface Decision {
  readonly outcome: string;
  readonly isAllowed: boolean;
  readonly code: string | null;
  readonly licenseVersion: number | null;
}

const READY_MS = 120_000;

/** Unique for ever: suites share a stack, and slugs are never free again. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

/** A tenant that pays golden bill 1 when it uses 2,160 droplet hours in a month. */
export function tenantBody(slug: string, plan = 'studio', compliance: string[] = []) {
  const acme = acmeTenant({ slug, region: REGION, name: `Tenant ${slug} Pty Ltd` });
  return {
    ...acme,
    plan: { code: plan },
    requirements: { ...acme.requirements, compliance },
    admin: { email: `ops@${slug}.example`, name: `Ops of ${slug}` },
    billing: { ...acme.billing, timeZone: TIME_ZONE },
  };
}

/** Asks until the answer is there, whoever dies meanwhile; one key, so one tenant. */
export function createTenant(
  stack: E2eStack,
  { slug = uniqueName('t'), plan = 'studio', compliance = [] as string[] } = {},
): Promise<CreatedTenant> {
  const request = {
    method: 'POST',
    path: '/api/v1/tenants',
    body: tenantBody(slug, plan, compliance),
    headers: { 'idempotency-key': `create-${slug}` },
  };
  return insistently<CreatedTenant>(stack.core, request, 202);
}

export async function awaitReady(stack: E2eStack, { operation }: CreatedTenant): Promise<void> {
  await awaitSucceeded(stack, operation.id);
}

export async function createReadyTenant(stack: E2eStack, plan = 'studio'): Promise<CreatedTenant> {
  const created = await createTenant(stack, { plan });
  await awaitReady(stack, created);
  return created;
}

export function licenseOf(stack: E2eStack, deploymentId: string): Promise<License> {
  return insistently<License>(stack.core, { method: 'GET', path: `/api/v1/licenses/${deploymentId}` }, 200);
}

/** Asks the gate as a tenant service would. */
export function checkGate(
  stack: E2eStack,
  deploymentId: string,
  action = 'financials:automated_billing',
): Promise<Decision> {
  const request = { method: 'POST', path: '/internal/gate/check', body: { deploymentId, action } };
  return insistently<Decision>(stack.gate, request, 200);
}

/** After a jump of the Clock: the daily re-issue reaches the home. */
export async function awaitAllowed(stack: E2eStack, deploymentId: string): Promise<void> {
  await waitFor(
    `the gate to allow ${deploymentId}`,
    async () => (await checkGate(stack, deploymentId)).outcome === 'allow',
    { deadlineMs: READY_MS, everyMs: 100 },
  );
}

/** A home's instances tell core-api what they enforce a moment after they do. */
export function awaitEnforcedBy(stack: E2eStack, deploymentId: string, instanceId: string): Promise<License> {
  return waitFor(
    `core-api to know that ${instanceId} enforces the license of ${deploymentId}`,
    async () => {
      const license = await licenseOf(stack, deploymentId);
      const { version, enforcedBy } = license;
      return enforcedBy.some((by) => by.instanceId === instanceId && by.version === version) ? license : null;
    },
    { deadlineMs: READY_MS, everyMs: 100 },
  );
}
