import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventRecord } from '@biplane/messaging';
import { importPrivateJwk, signLicense, type LicenseClaims } from '@biplane/licensing';
import {
  checkInvariants,
  ServiceClient,
  sizeOfRun,
  testKafka,
  testPostgres,
  waitFor,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { publishLike } from '../../testing/core-suite.js';
import { ListeningHome } from '../../testing/listening-home.js';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

interface Rotation {
  id: string;
  state: string;
  toKid: string | null;
  reissued: number;
  remaining: number;
  waitingFor: { homeId: string }[];
}

const homeId = randomUUID();
const homes: ListeningHome[] = [];
let postgres: TestPostgres;
let kafka: TestKafka;
let core: RunningCore;
let admin: ServiceClient;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
  core = await runCore({ databaseUrl: postgres.url, regions: [kafka.region], kafka: kafka.connection('core') });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: kafka.region, homeId, key: core.key });
});
afterEach(async () => {
  await Promise.all(homes.splice(0).map((home) => home.stop()));
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await kafka?.close();
  await postgres?.drop();
});

async function startHome(): Promise<ListeningHome> {
  const home = new ListeningHome({
    broker: kafka.broker('home'),
    region: kafka.region,
    homeId,
    instanceId: `home-${randomUUID()}`,
    rootPublicKey: core.rootPublicKey,
    clock: { now: () => new Date() },
    newId: randomUUID,
  });
  await home.start();
  homes.push(home);
  home.notTaken.length = 0;
  return home;
}
async function tenants(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const body = tenantBody(`t-${randomUUID().slice(0, 8)}`, kafka.region);
    const answer = await admin.post('/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
    ids.push((answer.body as { deployment: { id: string } }).deployment.id);
  }
  return ids;
}
const importKey = async () => {
  const key = core.anotherKey();
  await admin.expect(201, 'POST', '/api/v1/licenses/keys', key);
  return key;
};
const rotate = async (body: object) =>
  (await admin.expect(202, 'POST', '/api/v1/licenses/keys/rotate', { reason: 'test', ...body })) as Rotation;
const rotation = async (id: string) =>
  (await admin.expect(200, 'GET', `/api/v1/licenses/keys/rotations/${id}`)) as Rotation;
const ended = (id: string, deadlineMs = 30_000) =>
  waitFor(
    'the rotation to end',
    async () => {
      const found = await rotation(id);
      return ['succeeded', 'refused'].includes(found.state) && found;
    },
    { deadlineMs },
  );
const keys = async () =>
  (
    (await admin.expect(200, 'GET', '/api/v1/licenses/keys')) as {
      data: { kid: string; state: string; licenses: number; homesMissing: unknown[]; alarms: string[] }[];
    }
  ).data;
const heldKids = (home: ListeningHome) => new Set(home.book.own().map(({ kid }) => kid));

describe('the signing key', () => {
  it('B5: the key is rotated again and again while licenses flow, and no home refuses one', async () => {
    const ids = await tenants(sizeOfRun({ soak: 100, ci: 5 }));
    const home = await startHome();
    let isFlowing = true;
    const flow = (async () => {
      for (let index = 0; isFlowing; index += 1) {
        await admin.expect(200, 'POST', `/api/v1/licenses/${ids[index % ids.length]}/reissue`, { reason: 'flow' });
      }
    })();
    for (let turn = 0; turn < sizeOfRun({ soak: 20, ci: 3 }); turn += 1) {
      const next = await importKey();
      const begun = await rotate({ kid: next.kid });
      expect(await ended(begun.id)).toMatchObject({ state: 'succeeded', toKid: next.kid, remaining: 0 });
    }
    isFlowing = false;
    await flow;
    const signing = (await keys()).find(({ state }) => state === 'signing')!;
    await waitFor('the home to hold only what the last key signed', () => {
      const held = heldKids(home);
      return held.size === 1 && held.has(signing.kid);
    });
    expect(home.notTaken).toEqual([]);
    const others = (await keys()).filter(({ kid }) => kid !== signing.kid);
    expect(new Set(others.map(({ state, licenses }) => `${state} ${licenses}`))).toEqual(new Set(['retired 0']));
  });

  it('a rotation waits for every live home, and is refused with those that did not confirm', async () => {
    await tenants(1);
    const home = await startHome();
    home.holdsKeysBack = true;
    const next = await importKey();
    const begun = await rotate({ kid: next.kid, deadlineSeconds: 2 });
    expect(begun).toMatchObject({ state: 'waiting', waitingFor: [{ homeId }] });
    expect(await admin.post('/api/v1/licenses/keys/rotate', { kid: next.kid, reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'LICENSING.ROTATION_OPEN' },
    });
    expect(await ended(begun.id)).toMatchObject({ state: 'refused', waitingFor: [{ homeId, region: kafka.region }] });
    expect((await keys()).find(({ kid }) => kid === next.kid)).toMatchObject({ state: 'imported' });
    home.releaseKeys();
    const again = await rotate({ kid: next.kid });
    expect(await ended(again.id)).toMatchObject({ state: 'succeeded' });
  });

  it('B6: a license of a key whose statement is late leaves the present one in force, and is taken when it comes', async () => {
    const [id = ''] = await tenants(1);
    const home = await startHome();
    const before = home.book.get(id)!;
    home.holdsKeysBack = true;
    const next = await importKey();
    const begun = await rotate({ kid: next.kid, force: true });
    expect(await ended(begun.id)).toMatchObject({ state: 'succeeded' });
    await waitFor('the license to wait', () => home.book.waiting > 0);
    expect(home.book.get(id)).toEqual(before);
    await waitFor('the alarm', async () => (await keys()).some(({ alarms }) => alarms.includes('home_without_key')));
    home.releaseKeys();
    await waitFor('the license', () => home.book.get(id)?.kid === next.kid);
    await waitFor('the alarm to end', async () => (await keys()).every(({ alarms }) => alarms.length === 0));
  });

  it('B7: a stolen key is revoked: every license is on the new one in less than five minutes, and what the thief signed is gone', async () => {
    const ids = await tenants(sizeOfRun({ soak: 1_000, ci: 20 }));
    const stolen = (await keys()).find(({ state }) => state === 'signing')!.kid;
    const [victim = ''] = ids;
    const thief = await importKey();
    // The thief's key is one that we can sign with here: it becomes the signing key first.
    const home = await startHome();
    expect(await ended((await rotate({ kid: thief.kid })).id)).toMatchObject({ state: 'succeeded' });
    const spare = await importKey();
    await waitFor('the home to hold the spare key', () => home.book.keys.trustedKids().includes(spare.kid));
    const held = await waitFor('the license', () => home.book.get(victim));
    const imported = importPrivateJwk(thief.privateJwk);
    if (!imported.ok) throw new Error(imported.error.detail);
    const forged: LicenseClaims = { ...held.claims, version: Number.MAX_SAFE_INTEGER, jti: randomUUID() };
    const license = signLicense(forged, { kid: thief.kid, privateKey: imported.value });
    const producer = kafka.broker('core').producer();
    const of = { key: victim, id: randomUUID(), source: 'core-api', subject: victim, time: new Date() };
    await producer.send([
      eventRecord('LicenseIssued', { topic: kafka.topics.issued, ...of, data: { deploymentId: victim, license } }),
    ]);
    await producer.close();
    await waitFor('the forgery', () => home.book.get(victim)?.version === Number.MAX_SAFE_INTEGER);
    await waitFor('the status', async () => {
      const row = (await keys()).find(({ kid }) => kid === spare.kid);
      return row?.homesMissing.length === 0;
    });

    const startedMs = performance.now();
    const body = { reason: 'stolen', next: spare.kid };
    const begun = (await admin.expect(202, 'POST', `/api/v1/licenses/keys/${thief.kid}/revoke`, body)) as Rotation;
    await waitFor(
      'every license on the new key',
      () => {
        const own = home.book.own();
        return own.length >= ids.length && own.every(({ kid }) => kid === spare.kid);
      },
      { deadlineMs: 300_000 },
    );
    const seconds = (performance.now() - startedMs) / 1_000;
    process.stdout.write(`B7: ${home.book.own().length} licenses on the new key in ${seconds.toFixed(1)} s\n`);
    expect(await ended(begun.id)).toMatchObject({ state: 'succeeded', remaining: 0 });
    expect(home.book.get(victim)!.version).toBeLessThan(100);
    expect(home.book.keys.trustedKids()).not.toContain(thief.kid);
    const published = (await (await fetch(`${core.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
    expect(published.keys.map(({ kid }) => kid)).not.toContain(thief.kid);
    expect(await admin.post('/api/v1/licenses/keys/rotate', { kid: thief.kid, reason: 'x' })).toMatchObject({
      status: 422,
      body: { code: 'LICENSING.KEY_UNFIT' },
    });
    expect(stolen).not.toBe(spare.kid);
  }, 400_000);

  it('B15: a revocation reaches every replica, within a minute for 99 of 100', async () => {
    const ids = await tenants(sizeOfRun({ soak: 200, ci: 8 }));
    const replicas = await Promise.all(Array.from({ length: 4 }, startHome));
    await waitFor('the replicas to hold them', () => replicas.every((each) => ids.every((id) => each.book.get(id))));
    const millis: number[] = [];
    for (const id of ids) {
      const startedMs = performance.now();
      await admin.expect(200, 'POST', `/api/v1/licenses/${id}/revoke`, { reason: 'test' });
      await waitFor('all replicas', () => replicas.every((each) => each.book.get(id)?.claims.status === 'revoked'), {
        everyMs: 10,
      });
      millis.push(performance.now() - startedMs);
    }
    millis.sort((a, b) => a - b);
    expect(millis[Math.ceil(millis.length * 0.99) - 1]).toBeLessThan(60_000);
    for (const id of ids) {
      await waitFor('core-api to know it', async () => {
        const shown = (await admin.expect(200, 'GET', `/api/v1/licenses/${id}`)) as {
          enforcedBy: { version: number }[];
          propagation: { millis: number | null };
        };
        return (
          shown.propagation.millis !== null && shown.enforcedBy.filter(({ version }) => version === 2).length === 4
        );
      });
    }
  });

  it('a plan change is measured to the last live instance, also when another version overtakes it', async () => {
    await publishLike(admin, { code: 'team', rank: 30 });
    const [id = ''] = await tenants(1);
    const home = await startHome();
    const page = await admin.expect(200, 'GET', `/api/v1/billing/subscriptions?deploymentId=${id}`);
    const [subscription] = (page as { data: { id: string }[] }).data;
    const count = async () => {
      const text = await (await fetch(`${core.url}/metrics`)).text();
      return Number(/^plan_update_seconds_count(?:{[^}]*})? (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    expect(await count()).toBe(0);
    const body = { planCode: 'team', mode: 'next_invoice', reason: 'test' };
    await admin.expect(200, 'POST', `/api/v1/billing/subscriptions/${subscription!.id}/change-plan`, body);
    await admin.expect(200, 'POST', `/api/v1/licenses/${id}/reissue`, { reason: 'overtakes' });
    await waitFor('the home to enforce it', () => home.book.get(id)?.claims.plan.code === 'team');
    await waitFor('the measure', async () => (await count()) === 1);
  });
});
