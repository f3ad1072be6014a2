import { beforeAll, describe, expect, it } from '@jest/globals';
import { homeRoleNames, tenantRoleNames } from '@biplane/licensing';
import { orThrow, parseDeploymentId, parseHomeId } from '@biplane/kernel';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { openLedger, type LedgerAdmin } from './support/member.js';
import { isId, pathOf, queryOf, routesOf, sampleOf, type Route } from './support/openapi.js';
import { E2eStack, REGION } from './support/stack.js';
import { createReadyTenant, type CreatedTenant } from './support/tenants.js';

/** What members owe the tenant. */
const LEDGER = [
  'ledger_account',
  'journal_entry',
  'posting',
  'account_item',
  'item_period',
  'billing_run',
  'statement',
];
/** What the tenant owes the platform, and what that follows from. */
const PLATFORM = ['invoice', 'invoice_line', 'invoice_payment', 'credit_note', 'tenant_balance_entry', 'usage_adjustment', 'subscription']; // prettier-ignore

/** The token's own route asks for a secret instead. */
const guarded = ({ needsToken, path }: Route) => needsToken && path !== '/oauth/token';

describe('the wall around money', () => {
  const stack = E2eStack.open();
  const homeUrl = stack.file.tenantApi[REGION] as string;
  const internalUrl = stack.file.tenantApiInternal[REGION] as string;
  let tenant: CreatedTenant;
  let admin: LedgerAdmin;

  beforeAll(async () => {
    await authorCatalog(stack);
    tenant = await createReadyTenant(stack, 'guild');
    admin = await openLedger(stack, tenant);
  });

  const inLedger = () => stack.databases.rowCounts(tenant.deployment.database, LEDGER);
  const atPlatform = () => stack.databases.rowCounts(stack.databases.core, PLATFORM);

  /** Every route as whoever holds the token would try it, with ids that exist; the statuses that came. */
  async function tryAll(routes: readonly Route[], urlOf: (route: Route) => string, token: string): Promise<string[]> {
    const ids = { memberId: admin.accountId, accountId: admin.accountId, tenantId: tenant.tenant.id };
    const came: string[] = [];
    for (const route of routes) {
      const idOf = (name: string) => (isId(name) ? admin.accountId : tenant.deployment.id);
      const path = pathOf(route, idOf) + queryOf(route);
      const body = route.body === null ? undefined : sampleOf(route.body, ids);
      const answer = await fetch(urlOf(route) + path, {
        method: route.method,
        headers: {
          authorization: `Bearer ${token}`,
          'x-deployment-id': tenant.deployment.id,
          'idempotency-key': `wall-${route.method}-${route.path}`,
          ...(body !== undefined && { 'content-type': route.contentType }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      await answer.arrayBuffer();
      if (![401, 403].includes(answer.status)) came.push(`${route.method} ${route.path}: ${answer.status}`);
    }
    return came;
  }

  it('the admin of the tenant writes its own ledger: the wall has a door', async () => {
    const before = await inLedger();
    const booking = { kind: 'payment', amount: { amount: '2.50', currency: 'USD' }, description: 'Cash' };
    const answer = await admin.send('POST', `/api/v1/accounts/${admin.accountId}/entries`, booking);
    const after = { journal_entry: before['journal_entry']! + 1, posting: before['posting']! + 2 };
    expect([answer.status, await inLedger()]).toMatchObject([201, after]);
  });

  it.each(['core', 'platformSubmitter'] as const)('no token of the control plane writes a ledger: %s', async (who) => {
    const client = who === 'core' ? stack.core : stack.client.coreAs('submitter');
    const before = await inLedger();
    const routes = (await routesOf(homeUrl)).filter(guarded);
    expect(routes.filter(({ path }) => path.startsWith('/api/v1/accounts')).length).toBeGreaterThan(4);
    const urlOf = ({ path }: Route) => (path.startsWith('/internal') ? internalUrl : homeUrl);
    expect(await tryAll(routes, urlOf, await client.accessToken())).toEqual([]);
    expect(await inLedger()).toEqual(before);
  });

  it.each(['session', 'apiKey', 'submitter', 'operator'] as const)(
    'no token of the data plane makes a charge of the platform: %s',
    async (who) => {
      const clients = { submitter: stack.submitter, operator: stack.gate };
      const token = who === 'session' || who === 'apiKey' ? admin[who] : await clients[who].accessToken();
      const before = await atPlatform();
      const routes = (await routesOf(stack.file.coreApi)).filter(guarded);
      expect(routes.filter(({ path }) => path.startsWith('/api/v1/billing')).length).toBeGreaterThan(10);
      expect(await tryAll(routes, () => stack.file.coreApi, token)).toEqual([]);
      expect(await atPlatform()).toEqual(before);
    },
  );

  it('no database login of one plane connects to a database of the other', async () => {
    const { databases } = stack;
    const home = homeRoleNames(orThrow(parseHomeId(stack.homeId)));
    const own = tenantRoleNames(orThrow(parseDeploymentId(tenant.deployment.id)));
    const data = [databases.home, tenant.deployment.database];
    const control = [databases.core];
    const walls = [
      { roles: ['biplane_core', 'biplane_core_owner'], own: control, closed: data },
      { roles: [home.owner, home.runtime, own.owner, own.runtime], own: data, closed: control },
      { roles: [home.provisioner], own: ['postgres'], closed: control },
    ];
    for (const { roles, own: mine, closed } of walls) {
      for (const role of roles) {
        const open = await opened(role, [...mine, ...closed]);
        expect([role, open.filter((database) => closed.includes(database))]).toEqual([role, []]);
        // The probe itself can connect: whatever refused it was the database.
        expect([role, open.length]).toEqual([role, expect.any(Number)]);
        expect(open.length).toBeGreaterThan(0);
      }
    }
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });

  /** Which of these databases let in a login that is a member of the role. */
  async function opened(role: string, among: readonly string[]): Promise<string[]> {
    const { databases } = stack;
    const login = { user: 'e2e_wall_probe', password: 'a-probe-on-a-loopback-stack' };
    await databases.query('postgres', `CREATE ROLE ${login.user} LOGIN PASSWORD '${login.password}' IN ROLE "${role}"`);
    try {
      const open: string[] = [];
      for (const database of among) {
        const refusal = await databases.connectAs(database, login).then(
          () => null,
          (error: unknown) => String(error),
        );
        if (refusal === null) open.push(database);
        else expect(refusal).toMatch(/permission denied/);
      }
      return open;
    } finally {
      await databases.query('postgres', `DROP ROLE ${login.user}`);
    }
  }
});
