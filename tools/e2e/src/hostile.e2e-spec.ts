import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type ServiceClient } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { AT_NOBODY, hostileTexts, refusedRequests, type Aim, type HostileRequest } from './support/hostile-requests.js';
import { inParallel } from './support/in-parallel.js';
import { invariantsHold } from './support/invariants.js';
import { memberObjects, objectOf } from './support/member-objects.js';
import { openLedger } from './support/member.js';
import { routesOf, type Route } from './support/openapi.js';
import { E2eStack, REGION } from './support/stack.js';
import { createReadyTenant, type CreatedTenant } from './support/tenants.js';

const AT_ONCE = 8;
const PROBLEM = /^application\/problem\+json/;
/** What only the inside of a service knows. */
const INSIDE = /node_modules|\bat [\w.<>]+ \(|\.(ts|js):\d+|prisma|SELECT |INSERT |pg_|ECONNREFUSED|stack"/i;
const CORE_TABLES = [
  'tenant',
  'deployment',
  'subscription',
  'license',
  'invoice',
  'invoice_line',
  'invoice_draft',
  'invoice_payment',
  'credit_note',
  'tenant_balance_entry',
  'operation',
  'region',
  'plan',
  'signing_key',
  'violation',
  'webhook_endpoint',
];
const HOME_TABLES = ['license', 'tenant_database'];
/** The home itself reports each minute how many members there are. */
const USAGE = `
  SELECT (SELECT count(*)::int FROM usage_event WHERE meter <> 'records') AS events,
         (SELECT count(*)::int FROM usage_window WHERE meter <> 'records') AS windows`;
/** Their first good request ends the session that all others need. They are asked without one. */
const ENDS_THE_SESSION = ['DELETE /public/sessions/current', 'PUT /public/me/password'];

/** A service as one of those who may call it. */
interface Attacked {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly baseUrlOf: (route: Route) => string;
  readonly tokenOf: (route: Route) => Promise<string | null>;
  readonly aimOf: (route: Route) => Aim;
}

describe('hostile input', () => {
  const stack = E2eStack.open();
  const homeUrl = stack.file.tenantApi[REGION] as string;
  let tenant: CreatedTenant;
  let services: Attacked[];

  beforeAll(async () => {
    await authorCatalog(stack);
    tenant = await createReadyTenant(stack, 'guild');
    const admin = await openLedger(stack, tenant);
    const objects = await memberObjects(stack, tenant, admin);
    // A home keeps a license a moment after it enforces it: the counts below must not move by themselves.
    await waitFor('the home to keep every license', async () => {
      const { core, home } = await rowCounts();
      return core['deployment'] === home['license'];
    });
    const homeRoutes = await routesOf(homeUrl);
    const isAdmins = ({ isOfMembers, method, path }: Route) =>
      isOfMembers && !ENDS_THE_SESSION.includes(`${method} ${path}`);
    services = [
      ofClients('core-api', await routesOf(stack.file.coreApi), () => stack.core),
      ofClients(
        'tenant-api',
        homeRoutes.filter((route) => !isAdmins(route)),
        ({ path }) => (path.startsWith('/internal') ? stack.gate : stack.submitter),
      ),
      {
        name: 'tenant-api as the admin of a tenant',
        routes: homeRoutes.filter(isAdmins),
        baseUrlOf: () => homeUrl,
        tokenOf: () => Promise.resolve(`Bearer ${admin.session}`),
        // What is there is asked for: nobody's would be refused before anything is read.
        aimOf: (route) => ({
          id: objectOf(route, objects) ?? AT_NOBODY.id,
          given: {
            ...{ memberId: objects['members'], providerId: objects['identity-providers'] },
            // No name is looked up, and nobody is called.
            issuer: 'https://127.0.0.1',
          },
        }),
      },
    ];
    expect(services[2]?.routes.length).toBeGreaterThan(50);
  }, 300_000);

  /** What is wrong with the answers, as lines; a list, so that one run shows all of it. */
  async function attack(
    requestsOf: (route: Route, aim: Aim) => HostileRequest[],
    verdict: (request: HostileRequest, answer: Received) => string | null,
  ): Promise<{ sent: Readonly<Record<string, number>>; wrong: string[] }> {
    const wrong: string[] = [];
    const sent: Record<string, number> = {};
    for (const { name, routes, baseUrlOf, tokenOf, aimOf } of services) {
      for (const route of routes) {
        const token = await tokenOf(route);
        await inParallel(requestsOf(route, aimOf(route)), AT_ONCE, async (request) => {
          const answer = await receive(baseUrlOf(route), request, token);
          const fault = verdict(request, answer);
          sent[name] = (sent[name] ?? 0) + 1;
          if (fault === null) return;
          wrong.push(`${name} ${route.method} ${route.path}, ${request.why}: ${fault}; ${answer.text.slice(0, 300)}`);
        });
      }
    }
    return { sent, wrong };
  }

  const rowCounts = async () => ({
    core: await stack.databases.rowCounts(stack.databases.core, CORE_TABLES),
    home: await stack.databases.rowCounts(stack.databases.home, HOME_TABLES),
    usage: await stack.databases.query(stack.databases.home, USAGE),
  });
  const inTenant = () => stack.databases.contents(tenant.deployment.database);

  it('every bad request to every route is refused with a problem that says which, and writes nothing', async () => {
    const before = { ...(await rowCounts()), tenant: await inTenant() };
    const { sent, wrong } = await attack(refusedRequests, (request, answer) => {
      const { status } = answer;
      if (refusesEachItem(answer)) return null;
      if (status < 400 || status >= 500) return `answered ${status}`;
      if (request.expected && !request.expected.includes(status)) return `${status}, not ${request.expected.join()}`;
      return problemFault(answer);
    });
    expect(wrong).toEqual([]);
    for (const { name } of services) expect(sent[name]).toBeGreaterThan(250);
    expect({ ...(await rowCounts()), tenant: await inTenant() }).toEqual(before);
  }, 300_000);

  it('texts made to break something are data or are refused: never a 5xx, and no tenant or invoice comes of them', async () => {
    const before = await rowCounts();
    const { sent, wrong } = await attack(hostileTexts, (_, answer) => {
      if (answer.status >= 500) return `answered ${answer.status}`;
      return answer.status >= 400 ? problemFault(answer) : null;
    });
    expect(wrong).toEqual([]);
    for (const { name } of services) expect(sent[name]).toBeGreaterThan(30);
    expect(await rowCounts()).toEqual(before);
  }, 300_000);

  it.each([
    { method: 'GET', path: '/api/v1/no/such/route', statuses: [404] },
    { method: 'GET', path: '/..%2f..%2fetc/passwd', statuses: [400, 404] },
    { method: 'POST', path: '/api/v1', statuses: [404] },
    { method: 'DELETE', path: '/version', statuses: [404, 405] },
    { method: 'GET', path: `/${'a'.repeat(20_000)}`, statuses: [400, 404, 414, 431] },
    { method: 'GET', path: '/internal/licenses', statuses: [404] },
  ])('$method of a path that is no route of the public port is refused', async ({ method, path, statuses }) => {
    for (const baseUrl of [stack.file.coreApi, homeUrl]) {
      const answer = await receive(baseUrl, { method, path, why: 'no route' }, null);
      expect(statuses).toContain(answer.status);
      expect(answer.text).not.toMatch(INSIDE);
    }
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

function ofClients(name: string, routes: readonly Route[], clientOf: (route: Route) => ServiceClient): Attacked {
  return {
    ...{ name, routes },
    baseUrlOf: (route) => clientOf(route).baseUrl,
    tokenOf: async (route) => (route.scopes.length === 0 ? null : `Bearer ${await clientOf(route).accessToken()}`),
    aimOf: () => AT_NOBODY,
  };
}

interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function receive(baseUrl: string, request: HostileRequest, token: string | null): Promise<Received> {
  const authorization = request.authorization === undefined ? token : request.authorization;
  const headers = new Headers({ 'idempotency-key': randomUUID() });
  if (authorization !== null) headers.set('authorization', authorization);
  if (request.contentType !== undefined) headers.set('content-type', request.contentType);
  const ask = () =>
    fetch(`${baseUrl}${request.path}`, {
      method: request.method,
      headers,
      redirect: 'manual',
      ...(request.body !== undefined && { body: request.body }),
      signal: AbortSignal.timeout(30_000),
    });
  // A body that is too large is refused before all of it is sent: the connection may end before the answer is read.
  const response = await (request.expected?.includes(413) ? ask().catch(ask).catch(ask) : ask());
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A batch is answered item by item, and a bad one spoils no other: refused is what was not accepted. */
function refusesEachItem({ status, text }: Received): boolean {
  if (status !== 202) return false;
  return (JSON.parse(text) as { accepted?: number }).accepted === 0;
}

/** What an RFC 9457 answer of ours lacks, or tells too much of; null when it is right. */
function problemFault({ status, headers, text }: Received): string | null {
  if (!PROBLEM.test(headers.get('content-type') ?? '')) return `content type ${headers.get('content-type')}`;
  let problem: Record<string, unknown>;
  try {
    problem = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return 'not JSON';
  }
  if (!/^[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*$/.test(String(problem['code']))) return 'no code';
  if (!problem['requestId'] || problem['requestId'] !== headers.get('x-request-id')) return 'no requestId, or another';
  if (problem['status'] !== status) return `says ${String(problem['status'])}, is ${status}`;
  if (status === 429) return 'the client was limited: the route was not reached';
  return INSIDE.test(text) ? 'tells of its inside' : null;
}
