import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { licensesDigest, type InstanceStatus } from '@biplane/contracts';
import { createKeyPair, signKeyStatement, type PrivateJwk } from '@biplane/licensing';
import { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, eventually, waitFor } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { AppliedService } from './applied.service.js';
import { InstancesStore } from './instances.store.js';
import { SigningKeys } from './signing-keys.service.js';
import { SigningKeysStore } from './signing-keys.store.js';

const startAt = '2026-04-10T10:00:00.000Z';
const after = (ms: number) => new Date(Date.parse(startAt) + ms).toISOString();
const HOUR_MS = 3_600_000;
let suite: CoreSuite;
let homeId: string;

beforeAll(async () => {
  suite = await coreSuite({ startAt });
  [{ homeId = '' } = {}] = await suite.postgres.query<{ homeId: string }>('SELECT id AS "homeId" FROM home');
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const of = <T>(type: new (...args: never[]) => T): T => suite.core.app.get(type, { strict: false });
async function report(instanceId: string, over: Partial<InstanceStatus> = {}): Promise<void> {
  const status: InstanceStatus = {
    instanceId,
    homeId,
    region: 'eu-1',
    kids: [],
    applied: [],
    licensesDigest: licensesDigest([]),
    licenseCount: 0,
    refused: 0,
    schemaVersion: '1',
    draining: false,
    at: startAt,
    ...over,
  };
  const received = { region: 'eu-1', key: instanceId };
  await of(UnitOfWork).run((tx) => of(AppliedService).receiveStatus(tx, status, received));
}
const importKey = (key: object) => suite.admin.post('/api/v1/licenses/keys', key);

describe('the edges of keys and licenses', () => {
  it('an instance whose clock was far ahead and is right again is heard', async () => {
    const instanceId = `home-${randomUUID()}`;
    await report(instanceId, { at: after(24 * HOUR_MS), kids: ['early'] });
    await report(instanceId, { at: after(30_000), kids: ['late'] });
    expect(await suite.postgres.query('SELECT kids FROM instance WHERE id = $1', [instanceId])).toEqual([
      { kids: ['late'] },
    ]);
  });

  it('what is published hourly never trusts a key behind its revocation', async () => {
    const key = suite.core.anotherKey();
    await importKey(key);
    const [store, keys, work] = [of(SigningKeysStore), of(SigningKeys), of(UnitOfWork)];
    let hourly: Promise<void> = Promise.resolve();
    await work.run(async (tx) => {
      await store.lockAll(tx);
      const [now, row] = [new Date(startAt), (await store.find(tx, key.kid))!];
      await keys.publish(tx, { ...row, revokedAt: now, revokedStatement: key.revoked }, now);
      await store.setRevoked(tx, key.kid, key.revoked, now);
      let isDone = false;
      hourly = work.run((other) => keys.publishAll(other, now)).finally(() => (isDone = true));
      await waitFor('the other to wait or to end', async () => {
        const waiting = await suite.postgres.query(
          `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
           WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted`,
        );
        return isDone || waiting.length > 0;
      });
    });
    await hourly;
    const [last] = await suite.postgres.query<{ value: string }>(
      `SELECT value FROM outbox WHERE topic = 'license.keys' AND key = $1 ORDER BY id DESC LIMIT 1`,
      [key.kid],
    );
    expect(JSON.parse(last!.value)).toEqual({ kid: key.kid, statement: key.revoked });
  });

  it('a license that has ended is not sent to a home that never heard of it, nor waited for', async () => {
    const [endedOne, present] = [await suite.tenant(), await suite.tenant()];
    const term = { endsAt: after(HOUR_MS), graceDays: 0 };
    await suite.admin.put(`/api/v1/billing/subscriptions/${endedOne.subscription.id}/term`, term);
    suite.core.setClock(after(72 * HOUR_MS));
    // Its end, its last signing and the hourly publishing are behind it.
    await eventually(async () => {
      expect(await suite.events('subscription.tenant.cancelled', endedOne.deploymentId)).toHaveLength(1);
      const due = `SELECT 1 FROM license_head WHERE last_published_at >= $2 AND (deployment_id = $3 OR deployment_id = $1 AND reissue_due_at IS NULL)`;
      const heads = [endedOne.deploymentId, after(72 * HOUR_MS), present.deploymentId];
      expect(await suite.postgres.query(due, heads)).toHaveLength(2);
    });
    await report('home-new', { at: after(72 * HOUR_MS) });
    const sent = async (id: string) =>
      (await suite.postgres.query(`SELECT 1 FROM outbox WHERE topic = 'license.issued.eu-1' AND key = $1`, [id]))
        .length;
    const before = [await sent(endedOne.deploymentId), await sent(present.deploymentId)];
    suite.core.setClock(after(72 * HOUR_MS + 100_000));
    await report('home-new', { at: after(72 * HOUR_MS + 90_000) });
    await waitFor('the present one again', async () => (await sent(present.deploymentId)) > before[1]!);
    expect(await sent(endedOne.deploymentId)).toBe(before[0]);
    const { version } = await suite.license(present.deploymentId);
    const applied = [{ deploymentId: present.deploymentId, version }];
    await report('home-new', { at: after(72 * HOUR_MS + 95_000), applied });
    const pending = of(InstancesStore).oldestPending(of(UnitOfWork).reader, new Date(after(72 * HOUR_MS)));
    expect(await pending).toEqual([]);
  });

  it('a rotation is refused when its key ends while the homes are waited for; keys that begin later sign nothing, and a stranger revokes none', async () => {
    const day = 74 * HOUR_MS;
    suite.core.setClock(after(day));
    await report('home-new', { at: after(day), kids: [suite.core.key.kid] });
    const short = suite.core.anotherKey({ notAfter: after(day + 30_000) });
    expect(await importKey(short)).toMatchObject({ status: 201 });
    const body = { kid: short.kid, reason: 'test', deadlineSeconds: 3_600 };
    const begun = await suite.admin.post('/api/v1/licenses/keys/rotate', body);
    expect(begun).toMatchObject({ status: 202, body: { state: 'waiting' } });
    suite.core.setClock(after(day + 60_000));
    await report('home-new', { at: after(day + 60_000), kids: [suite.core.key.kid, short.kid] });
    const { id } = begun.body as { id: string };
    await waitFor('its end', async () => {
      const rotation = await suite.admin.expect(200, 'GET', `/api/v1/licenses/keys/rotations/${id}`);
      return (rotation as { state: string }).state === 'refused';
    });
    const signing = await suite.postgres.query('SELECT kid FROM signing_key WHERE signing_to IS NULL AND signing_from IS NOT NULL'); // prettier-ignore
    expect(signing).toEqual([{ kid: suite.core.key.kid }]);
    const revoke = { reason: 'test', force: true };
    const stranger = createKeyPair().privateKey;
    const { kid, privateJwk } = suite.core.key;
    const { d: _, ...jwk } = privateJwk as unknown as PrivateJwk;
    const dates = { notBefore: startAt, notAfter: after(HOUR_MS) };
    const revoked = signKeyStatement({ kid, jwk, ...dates, state: 'revoked' }, stranger);
    const strange = await suite.admin.post(`/api/v1/licenses/keys/${kid}/revoke`, { ...revoke, revoked });
    expect(strange).toMatchObject({ status: 422, body: { code: 'LICENSING.KEY_INVALID' } });
    await suite.postgres.query('DELETE FROM signing_key WHERE kid <> $1', [suite.core.key.kid]);
    await suite.admin.expect(202, 'POST', `/api/v1/licenses/keys/${suite.core.key.kid}/revoke`, revoke);
    const later = suite.core.anotherKey({ notBefore: after(day + 24 * HOUR_MS) });
    expect(await importKey(later)).toMatchObject({ status: 422, body: { code: 'LICENSING.KEY_INVALID' } });
  });
});
