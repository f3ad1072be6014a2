import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClient, type Answer } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { memberObjects, objectOf, type MemberObjects } from './support/member-objects.js';
import { openLedger } from './support/member.js';
import { isId, pathOf, queryOf, routesOf, sampleOf, type Route } from './support/openapi.js';
import { E2eStack, REGION } from './support/stack.js';
import { createReadyTenant, type CreatedTenant } from './support/tenants.js';

/** The admin of a tenant, with one of everything that its routes speak of. */
interface Party {
  readonly created: CreatedTenant;
  readonly session: string;
  readonly objects: MemberObjects;
}

/** Where ids stand in bodies and queries. */
const NAMED: Readonly<Record<string, string>> = {
  memberId: 'members',
  accountId: 'accounts',
  providerId: 'identity-providers',
};

describe('the admins of two tenants', () => {
  const stack = E2eStack.open();
  const door = new ServiceClient(stack.file.tenantApi[REGION] as string, null);
  let ann: Party;
  let bob: Party;
  let routes: Route[];
  let withId: Route[];

  beforeAll(async () => {
    await authorCatalog(stack);
    [ann, bob] = [await party(), await party()];
    routes = (await routesOf(door.baseUrl)).filter(({ isOfMembers }) => isOfMembers);
    withId = routes.filter(({ pathParameters }) => pathParameters.some(isId));
    expect([routes.length > 55, withId.length > 20]).toEqual([true, true]);
  }, 300_000);

  async function party(): Promise<Party> {
    const created = await createReadyTenant(stack, 'guild');
    const admin = await openLedger(stack, created);
    return { created, session: admin.session, objects: await memberObjects(stack, created, admin) };
  }

  /** As it would be asked with good input, of the object in the path and those in the body and the query. */
  function ask(by: Party, route: Route, id: string, named: MemberObjects, headers = {}): Promise<Answer> {
    const given = Object.fromEntries(Object.entries(NAMED).map(([name, kind]) => [name, named[kind] as string]));
    const good = { ...given, redirectUris: ['https://guild.example/in'] };
    const body = route.body === null ? undefined : sampleOf(route.body, good);
    return door.send(route.method, pathOf(route, () => id) + queryOf(route, given), body, {
      authorization: `Bearer ${by.session}`,
      'idempotency-key': randomUUID(),
      ...(body !== undefined && { 'content-type': route.contentType }),
      ...headers,
    });
  }

  const contents = async () => ({
    ann: await stack.databases.contents(ann.created.deployment.database),
    bob: await stack.databases.contents(bob.created.deployment.database),
  });
  /** The names of those ids that a request to the route says itself. */
  const namesOf = ({ body, queryParameters }: Route) =>
    Object.keys(NAMED).filter(
      (name) => body?.properties?.[name] !== undefined || queryParameters.some((query) => query.name === name),
    );
  const leaks = (route: Route, { body }: Answer) => {
    const { tenant, deployment } = bob.created;
    const sent = namesOf(route).map((name) => NAMED[name]);
    const others = Object.entries(bob.objects).flatMap(([kind, id]) => (sent.includes(kind) ? [] : [id]));
    const marks = [...others, tenant.id, tenant.slug, deployment.id, deployment.database];
    return marks.filter((mark) => JSON.stringify(body).includes(mark));
  };

  it('F2: what one has is not there for the other: every id of it, at every route of members that takes one', async () => {
    const before = await contents();
    const answered: string[] = [];
    for (const route of withId) {
      for (const [kind, id] of Object.entries(bob.objects)) {
        const { status, body } = await ask(ann, route, id, ann.objects);
        if (status === 404) continue;
        answered.push(`${route.method} ${route.path} with one of ${kind}: ${status} ${JSON.stringify(body)}`);
      }
    }
    expect(answered).toEqual([]);
    expect(await contents()).toEqual(before);
  });

  it('F1: with the other’s ids in query and body no route of members tells of the other or acts for it', async () => {
    const before = await contents();
    const naming = routes.filter((route) => namesOf(route).length > 0);
    expect(naming.length).toBeGreaterThan(2);
    for (const route of naming) {
      const answer = await ask(ann, route, 'none', bob.objects);
      const isRefused = [404, 422].includes(answer.status) || (route.method === 'GET' && answer.status === 200);
      expect([route.method, route.path, isRefused || answer.status]).toEqual([route.method, route.path, true]);
      expect([route.path, ...leaks(route, answer)]).toEqual([route.path]);
    }
    expect(await contents()).toEqual(before);
  });

  it('F1: a session at the other’s door is no session, at any route of members', async () => {
    const before = await contents();
    const headers = { 'x-deployment-id': bob.created.deployment.id };
    for (const route of routes) {
      const { status } = await ask(ann, route, objectOf(route, ann.objects) ?? 'none', ann.objects, headers);
      expect([route.method, route.path, status]).toEqual([route.method, route.path, 401]);
    }
    expect(await contents()).toEqual(before);
  });

  it('F2: each finds its own by the same routes', async () => {
    // What is removed is no longer there for the others.
    const inOrder = [...withId].sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
    for (const route of inOrder) {
      const { status } = await ask(bob, route, objectOf(route, bob.objects) as string, bob.objects);
      const isThere = route.method === 'GET' ? status === 200 : status !== 404 && status < 500;
      expect([route.method, route.path, isThere || status]).toEqual([route.method, route.path, true]);
    }
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
