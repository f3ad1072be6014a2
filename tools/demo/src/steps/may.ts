import { publishPlan } from '@biplane/testing';
import type { Bill } from '../bill.js';
import type { DemoContext } from '../context.js';
import { insist, insistEqual } from '../expect.js';
import { business, computeHours, hoursOf, initech, may, team, vat } from '../initech.js';
import type { Outcome } from '../narrator.js';
import { scenario } from '../scenario.js';
import { provision, succeeded } from './tenant.js';
import { passTo } from './month.js';
import { submit } from './usage.js';

interface PlanChangePreview {
  readonly preview: true;
  readonly months: readonly { readonly period: string; readonly before: Bill; readonly after: Bill }[];
}

/** A Swiss tenant with two deployments, each with its own subscription and license. */
export async function openInitech(context: DemoContext): Promise<Outcome> {
  const { core } = context;
  await core.expect(201, 'POST', '/api/v1/catalog/meters', computeHours);
  await core.expect(201, 'POST', '/api/v1/catalog/taxes', vat);
  for (const plan of [team, business]) await publishPlan(core, plan);
  const web = await provision(context, initech, 'demo-create-initech');
  const body = {
    tenantId: web.tenantId,
    slug: 'staging',
    displayName: 'Initech staging',
    region: scenario.region,
    plan: { code: team.code },
  };
  const headers = { 'Idempotency-Key': 'demo-create-staging' };
  const created = (await core.expect(202, 'POST', '/api/v1/deployments', body, headers)) as {
    readonly deployment: { readonly id: string };
    readonly operation: { readonly id: string };
  };
  await succeeded(context, created.operation.id);
  context.initech = { ...web, stagingId: created.deployment.id };
  await switchSearch(context, web.deploymentId, false);
  await switchSearch(context, created.deployment.id, false);
  return {
    headline: 'Initech has two deployments, each with a license of its own',
    details: ['plan "team" at CHF 31.00, "business" at CHF 62.00; compute hours by tiers, search at CHF 0.10 a day'],
  };
}

/** Nine days on which something happens, in their order: the Clock stops at each. */
export async function liveThroughMay(context: DemoContext): Promise<Outcome> {
  const { deploymentId: web, stagingId: staging } = context.initech;
  const [on8, off8] = may.searchFor8Hours;
  const [on3, off3] = may.searchFor3Days;
  const [from, to] = may.suspended;
  let preview = '';
  const days: readonly (readonly [at: string, what: () => Promise<unknown>])[] = [
    [on8, () => switchSearch(context, web, true)],
    [off8, () => switchSearch(context, web, false)],
    [on3, () => switchSearch(context, web, true)],
    [may.upgradeAt, async () => (preview = await upgrade(context, web))],
    [off3, () => switchSearch(context, web, false)],
    [from, () => transition(context, staging, 'suspended', 'a week of holidays')],
    [may.usedAt, () => submit(context, [hoursOf(web, 'compute-may', may.usedAt, '1250.5')])],
    [to, () => transition(context, staging, 'active', 'they are back')],
  ];
  for (const [at, what] of days) {
    await context.moveClockTo(at);
    await what();
  }
  await passTo(context, may.lastAt);
  return {
    headline: 'May: search on 4 days, a better plan on the 11th, a suspended week, 1,250.5 compute hours',
    details: [preview],
  };
}

/** Looks first what the better plan would change in this month's bill, then takes it. */
async function upgrade({ core }: DemoContext, deploymentId: string): Promise<string> {
  const page = (await core.expect(200, 'GET', `/api/v1/billing/subscriptions?deploymentId=${deploymentId}`)) as {
    readonly data: readonly { readonly id: string }[];
  };
  const path = `/api/v1/billing/subscriptions/${page.data[0]?.id}/change-plan`;
  const change = { planCode: business.code, mode: 'now', reason: 'they grow' };
  const { months } = (await core.expect(200, 'POST', path, { ...change, preview: true })) as PlanChangePreview;
  const month = months.find(({ period }) => period === may.period);
  insist(month !== undefined, 'the preview to show May');
  const [before, after] = [month.before.subtotal.amount, month.after.subtotal.amount];
  insistEqual(Number(centsOf(after) - centsOf(before)), 2_100, `${before} → ${after} to be a franc more on 21 days`);
  await core.expect(200, 'POST', path, change);
  return `the better plan was previewed line by line: CHF ${before} → ${after} for May`;
}

const centsOf = (amount: string): bigint => BigInt(amount.replace('.', ''));

function switchSearch({ core }: DemoContext, deploymentId: string, enabled: boolean): Promise<unknown> {
  return core.expect(200, 'PUT', `/api/v1/deployments/${deploymentId}/modules/search`, { enabled });
}

function transition({ core }: DemoContext, deploymentId: string, to: string, reason: string): Promise<unknown> {
  return core.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, { to, reason });
}
