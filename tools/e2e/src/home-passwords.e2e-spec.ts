import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantRoleNames } from '@biplane/licensing';
import { orThrow, parseDeploymentId } from '@biplane/kernel';
import { testCluster, type TestCluster } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { textOfEveryObject } from './support/cluster-objects.js';
import { invariantsHold } from './support/invariants.js';
import { captureAll, kafkaAs } from './support/kafka.js';
import { namespaceOf } from './support/own-home.js';
import { environmentOf, foundIn, processesWith, searchMemory, type Needle } from './support/process-memory.js';
import { CORE, E2eStack, REGION } from './support/stack.js';
import { awaitReady, createTenant, type CreatedTenant } from './support/tenants.js';

const RECONCILER = 'reconciler';
/** Less than a Node process has in use: whoever read less has not read it. */
const MEMORY_MIN = 30_000_000;

interface Enrolled {
  readonly homeDatabaseUrl: string;
  readonly homeMigrationDatabaseUrl: string;
  readonly tenantDatabase: { readonly ownerUrl: string; readonly runtimeUrl: string };
}

/** In each form in which it could lie somewhere: as text of one or two bytes a character, in URLs, JSON, base64, hex. */
function needle(what: string, secret: string): Needle {
  const texts = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  const hex = Buffer.from(secret).toString('hex');
  const forms = [...texts, hex].flatMap((text) => [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')]);
  return { what, forms: forms.filter((form, at) => forms.findIndex((other) => other.equals(form)) === at) };
}

/** What a tenant's own home must know to open its databases, and nobody of the control plane. */
describe('the database passwords of a tenant with a container of its own', () => {
  const stack = E2eStack.open();
  const passwords: Needle[] = [];
  let cluster: TestCluster;
  let tenant: CreatedTenant;
  let homeId = '';
  let token = '';
  let coreOwn: Needle;

  beforeAll(async () => {
    cluster = testCluster();
    await authorCatalog(stack);
    tenant = await createTenant(stack, { compliance: ['hipaa'] });
    await awaitReady(stack, tenant);
    const path = `/api/v1/deployments/${tenant.deployment.id}`;
    ({ homeId } = (await stack.core.expect(200, 'GET', path)) as { homeId: string });
    const { CORE_DATABASE_URL: url = '' } = await stack.control.environment(CORE);
    coreOwn = needle("core-api's own", new URL(url).password);
  });
  afterAll(() => cluster?.close());

  /** As a further replica of the home would: the same answer, whenever it is asked. */
  async function enroll(): Promise<Enrolled> {
    const [pid] = processesWith('HOME_ID', homeId);
    if (pid === undefined) throw new Error(`No process of home ${homeId} runs on this machine`);
    const { ENROLLMENT_URL, ENROLLMENT_TOKEN_FILE } = environmentOf(pid);
    token = readFileSync(ENROLLMENT_TOKEN_FILE ?? '', 'utf8').trim();
    const response = await fetch(new URL('/internal/homes/enroll', ENROLLMENT_URL), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ homeId, deploymentId: tenant.deployment.id }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Enrolled;
  }

  const pidsOf = async (...prefixes: string[]): Promise<number[]> =>
    (await stack.control.state()).services
      .filter(({ name, running }) => running && prefixes.some((prefix) => name.startsWith(prefix)))
      .flatMap(({ pid }) => (pid === null ? [] : [pid]));

  it('are those with which PostgreSQL lets its roles in', async () => {
    const { homeDatabaseUrl, homeMigrationDatabaseUrl, tenantDatabase } = await enroll();
    const urls = [homeDatabaseUrl, homeMigrationDatabaseUrl, tenantDatabase.ownerUrl, tenantDatabase.runtimeUrl];
    for (const url of urls.map((text) => new URL(text))) {
      const login = { user: url.username, password: decodeURIComponent(url.password) };
      await stack.databases.connectAs(url.pathname.slice(1), login);
      const guess = { ...login, password: `${login.password.slice(1)}x` };
      await expect(stack.databases.connectAs(url.pathname.slice(1), guess)).rejects.toThrow(/password/);
      passwords.push(needle(login.user, login.password));
    }
    const { owner, runtime } = tenantRoleNames(orThrow(parseDeploymentId(tenant.deployment.id)));
    expect(passwords.map(({ what }) => what)).toEqual(expect.arrayContaining([owner, runtime]));
    expect(new Set(passwords.map(({ forms }) => forms[0]?.toString())).size).toBe(4);
  });

  it('stand in the memory of its own home, where the search finds each of them', async () => {
    const found: string[] = [];
    for (const pid of processesWith('HOME_ID', homeId)) found.push(...(await searchMemory(pid, passwords)).found);
    expect([...new Set(found)].sort()).toEqual(passwords.map(({ what }) => what).sort());
  });

  it('stand in no memory and no environment of core-api or the reconciler, where the search finds their own', async () => {
    const pids = await pidsOf(CORE, RECONCILER);
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) {
      const { found, bytes } = await searchMemory(pid, [...passwords, coreOwn]);
      expect(found).toEqual([coreOwn.what]);
      expect(bytes).toBeGreaterThan(MEMORY_MIN);
      const environment = readFileSync(`/proc/${pid}/environ`);
      expect(foundIn(environment, [...passwords, coreOwn])).toEqual([coreOwn.what]);
    }
  });

  it("stand in no row of core-api's database, where the search finds the tenant", async () => {
    const { databases } = stack;
    const known = needle('the tenant', tenant.tenant.slug);
    const tables = await databases.query<{ name: string }>(
      databases.core,
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await databases.query<{ row: string }>(databases.core, `SELECT t::text AS row FROM ${name} t`);
      const here = foundIn(Buffer.from(rows.map(({ row }) => row).join('\n')), [...passwords, known]);
      found.push(...here.map((what) => (what === known.what ? what : `${what} in ${name}`)));
    }
    expect([...new Set(found)]).toEqual([known.what]);
  });

  it('stand in no object of the cluster, where the search finds the enrollment token', async () => {
    const known = needle('the enrollment token', token);
    const texts = await textOfEveryObject(cluster);
    expect(texts.join('\n')).toContain(namespaceOf(homeId));
    expect(foundIn(Buffer.from(texts.join('\n')), [...passwords, known])).toEqual([known.what]);
  });

  it('stand in no record of any topic, where the search finds the deployment', async () => {
    const known = needle('the deployment', tenant.deployment.id);
    const admin = kafkaAs(stack, 'topics').admin();
    await admin.connect();
    const topics = (await admin.listTopics().finally(() => admin.disconnect())).filter(
      (name) => !name.startsWith('__'),
    );
    expect(topics.some((name) => name.includes(REGION))).toBe(true);
    const found: string[] = [];
    for (const topic of topics) {
      const records = await captureAll(stack, topic);
      const texts = records.flatMap(({ message: { key, value, headers } }) => [key, value, JSON.stringify(headers)]);
      const here = foundIn(Buffer.from(texts.map(String).join('\n')), [...passwords, known]);
      found.push(...here.map((what) => (what === known.what ? what : `${what} in ${topic}`)));
    }
    expect([...new Set(found)]).toEqual([known.what]);
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
