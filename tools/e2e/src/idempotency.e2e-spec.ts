import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '@biplane/testing';
import { expectGoldenBill, invoicesOf, type Invoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, openMonth, type Month } from './support/month.js';
import { E2eStack } from './support/stack.js';
import { awaitReady, createReadyTenant, tenantBody, uniqueName, type CreatedTenant } from './support/tenants.js';
import { awaitBillable, dropletEvents, submit } from './support/usage.js';

const AT_ONCE = 100;

describe('the same intent a hundred times at once', () => {
  const stack = E2eStack.open();
  let month: Month;

  beforeAll(async () => {
    await authorCatalog(stack);
    month = await openMonth(stack);
  });

  const hundredTimes = (path: string, body: unknown, keyOf: (index: number) => string): Promise<Answer[]> =>
    Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => stack.core.post(path, body, { 'idempotency-key': keyOf(index) })),
    );
  const tenantsNamed = (slug: string) =>
    stack.databases.query(stack.databases.core, 'SELECT id FROM tenant WHERE slug = $1', [slug]);

  it('C3: a hundred POST /tenants under one key make one tenant, and its secret is told once', async () => {
    const slug = uniqueName('onekey');
    const answers = await hundredTimes('/api/v1/tenants', tenantBody(slug), () => `one-${slug}`);

    const created = answers.filter(({ status }) => status === 202).map(({ body }) => body as CreatedTenant);
    const others = answers.filter(({ status }) => status !== 202);
    expect(created.length).toBeGreaterThan(0);
    expectToTryAgain(others);
    expect(new Set(created.map(({ tenant }) => tenant.id)).size).toBe(1);
    expect(created.filter(({ inviteToken }) => inviteToken !== null)).toHaveLength(1);
    expect(await tenantsNamed(slug)).toHaveLength(1);

    const replay = await stack.core.post('/api/v1/tenants', tenantBody(slug), { 'idempotency-key': `one-${slug}` });
    expect(replay).toMatchObject({ status: 202, body: { tenant: created[0]?.tenant, inviteToken: null } });
    await awaitReady(stack, created[0] as CreatedTenant);
  });

  it('a hundred POST /tenants under a hundred keys make one tenant of the slug', async () => {
    const slug = uniqueName('hundredkeys');
    const answers = await hundredTimes('/api/v1/tenants', tenantBody(slug), (index) => `many-${slug}-${index}`);

    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 202);
    const isTaken = ({ body }: Answer) => codeOf(body) === 'TENANT.SLUG_TAKEN';
    expect(refused.filter(isTaken).length).toBeGreaterThan(0);
    expectToTryAgain(refused.filter((answer) => !isTaken(answer)));
    expect(await tenantsNamed(slug)).toHaveLength(1);
  });

  it('a key that is used for another body, path or without a key at all is refused', async () => {
    const slug = uniqueName('reused');
    const key = { 'idempotency-key': `reused-${slug}` };
    await stack.core.expect(202, 'POST', '/api/v1/tenants', tenantBody(slug), key);
    const other = await stack.core.post('/api/v1/tenants', tenantBody(uniqueName('other')), key);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY.KEY_REUSED' } });
    const missing = await stack.core.post('/api/v1/tenants', tenantBody(uniqueName('other')));
    expect(missing).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY.KEY_MISSING' } });
    const elsewhere = await stack.core.post('/api/v1/billing/invoices', tenantBody(slug), key);
    expect([400, 422]).toContain(elsewhere.status);
  });

  it.each([
    { keys: 'one key', keyOf: () => 'same' },
    { keys: 'a hundred keys', keyOf: (index: number) => `key-${index}` },
  ])('D4: a hundred POST /billing/invoices under $keys issue one invoice with one number', async ({ keyOf }) => {
    const tenant = await createReadyTenant(stack);
    const billed = month;
    await endMonth(stack, billed);
    await submit(stack, dropletEvents(tenant.deployment.id, billed, 36));
    await awaitBillable(stack, tenant, billed);
    month = await openMonth(stack);

    const body = { tenantId: tenant.tenant.id, period: billed.period, action: 'issue' };
    const key = uniqueName('issue');
    const answers = await hundredTimes('/api/v1/billing/invoices', body, (index) => `${key}-${keyOf(index)}`);

    const issued = answers.filter(({ status }) => status < 300).map((answer) => answer.body as Invoice);
    expect(issued.length).toBeGreaterThan(0);
    expectToTryAgain(answers.filter(({ status }) => status >= 300));
    expect(new Set(issued.map(({ id, number, contentHash }) => `${id} ${number} ${contentHash}`)).size).toBe(1);
    expectGoldenBill(issued[0] as Invoice);
    expect(await invoicesOf(stack, tenant.tenant.id)).toHaveLength(1);
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

const codeOf = (problem: unknown): string => (problem as { code: string }).code;

/** A hundred at once may be too many, or too early for one key: then the client is told when to come again. */
function expectToTryAgain(refused: readonly Answer[]): void {
  for (const { body, headers } of refused) {
    expect(['IDEMPOTENCY.IN_FLIGHT', 'SERVICE.UNAVAILABLE']).toContain(codeOf(body));
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
}
