import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LicensePlacement } from '@biplane/licensing';
import { eventually } from '@biplane/testing';
import { usageEvent } from '../../testing/usage-rig.js';
import { MovedSecret } from '../../testing/moved-secret.js';
import { MoveScene, type SceneHome } from '../../testing/move-scene.js';
import { UsageLoad } from '../../testing/usage-load.js';

const ACTION = 'financials:automated_billing';
const WAIT = { deadlineMs: 60_000 };
let scene: MoveScene;
let pool: SceneHome;

beforeAll(async () => {
  scene = await MoveScene.open();
  pool = await scene.startPool();
  await scene.issue(at(scene.poolId, 1, scene.poolUrl));
});
afterEach(() => load?.abandon());
afterAll(async () => scene?.close(), 60_000);

const at = (homeId: string, epoch: number, url: string, more: Partial<LicensePlacement> = {}): LicensePlacement => ({
  ...{ homeId, epoch, phase: 'serving', url },
  ...more,
});

const submit = (url: string, event: Parameters<typeof usageEvent>[1]) =>
  scene.call(url, '/api/v1/usage', usageEvent(scene.deploymentId, event));

/** What all homes have counted, each of its own, as core-api adds it up. */
async function counted(...homeIds: string[]): Promise<number> {
  let total = 0;
  for (const homeId of homeIds) {
    const [row] = await scene.home<{ total: string }>(
      homeId,
      `SELECT coalesce(sum(quantity), 0)::text AS total FROM usage_window WHERE meter = 'droplet_hours'`,
    );
    total += Number(row?.total);
  }
  return total;
}

/** What the limit of the meter stands at: the question uses nothing. */
async function used(home: SceneHome, keyOf: () => string | undefined = () => undefined) {
  const question = { deploymentId: scene.deploymentId, action: ACTION, meter: 'droplet_hours', quantity: '1' };
  return eventually(async () => {
    const idempotencyKey = keyOf();
    const body = { ...question, ...(idempotencyKey !== undefined && { idempotencyKey }) };
    const answer = await scene.call(home.internalUrl, '/internal/gate/check', body);
    // A machine that is busy may not answer a hard limit in time: then it is asked again, under another key, for what was told stands.
    if (answer.body['code'] === 'LIMIT.UNAVAILABLE') throw new Error(answer.text);
    return answer;
  }, WAIT);
}

const tablesOf = (reports: Map<string, { tables: readonly unknown[] }>, step: string) =>
  reports.get(step)?.tables ?? [];

async function serving(home: SceneHome): Promise<void> {
  await eventually(async () => {
    const answer = await submit(home.url, { id: 'probe', time: '2026-01-01T00:00:00.000Z', quantity: '1' });
    const [item] = answer.body['results'] as { code: string }[];
    if (item?.code !== 'USAGE.TOO_OLD') throw new Error(answer.text);
  }, WAIT);
}

let load: UsageLoad | undefined;

describe('E15: a deployment that is moved under load', () => {
  it('goes to a home of its own and back: nothing is lost or counted twice, and limits, answers and sealed secrets go on as they were', async () => {
    await serving(pool);
    const early = { id: 'early', time: new Date(Date.now() - 7_200_000).toISOString(), quantity: '3' };
    const gauge = {
      id: 'gauge',
      time: new Date(Date.now() - 60_000).toISOString(),
      quantity: '7',
      meter: 'storage_gb',
    };
    for (const event of [early, gauge]) expect((await submit(pool.url, event)).status).toBe(202);
    let key = '';
    const keyed = await used(pool, () => (key = randomUUID()));
    expect(keyed.status).toBe(200);
    const secret = new MovedSecret(scene);
    await eventually(() => secret.put('of-the-provider'), WAIT);
    load = new UsageLoad(scene, pool.url, 100).start(24);

    const { home, url } = scene.newHome();
    const next = { homeId: home.homeId, epoch: 2, url };
    await scene.issue(at(scene.poolId, 1, scene.poolUrl, { next }), home);
    const own = await scene.startOwn(home);
    await scene.reports(2, 'standby_ready');
    await scene.issue(at(scene.poolId, 1, scene.poolUrl, { phase: 'draining', next }), home);
    const out = await scene.reports(2, 'drained', 'copied');
    expect(tablesOf(out, 'copied')).toEqual(tablesOf(out, 'drained'));
    expect(out.get('drained')?.tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['usage_event_key', 'usage_carried', 'limit_counter', 'decision', 'tenant_member']),
    );
    const previous = { homeId: scene.poolId, epoch: 1 };
    await scene.issue(at(home.homeId, 2, url, { previous }), home);
    await scene.reports(2, 'fenced', 'ready', 'cleaned');
    await serving(own);

    expect(await Promise.all([home.homeId, scene.poolId].map((id) => secret.readBy(id)))).toEqual([
      'of-the-provider',
      null,
    ]);
    expect((await submit(own.url, early)).body['duplicates']).toBe(1);
    const moved = await submit(pool.url, { ...early, id: 'late' });
    expect([moved.status, moved.body['url']]).toEqual([421, url]);
    expect((await used(own, () => key)).text).toBe(keyed.text);

    const back = { homeId: scene.poolId, epoch: 3, url: scene.poolUrl };
    await scene.issue(at(home.homeId, 2, url, { previous, next: back }), home);
    await scene.reports(3, 'standby_ready');
    await scene.issue(at(home.homeId, 2, url, { previous, next: back, phase: 'draining' }), home);
    const returned = await scene.reports(3, 'drained', 'copied');
    expect(tablesOf(returned, 'copied')).toEqual(tablesOf(returned, 'drained'));
    const before = { previous: { homeId: home.homeId, epoch: 2 } };
    await scene.issue(at(scene.poolId, 3, scene.poolUrl, before), home);
    await scene.reports(3, 'fenced', 'ready', 'cleaned');
    await serving(pool);
    await load.stop();

    expect(await secret.readBy(scene.poolId)).toBe('of-the-provider');
    expect(load.failures).toEqual([]);
    const total = load.accepted.size + 3;
    expect(await counted(scene.poolId, home.homeId)).toBe(total);
    expect(Number((await used(pool)).body['used'])).toBe(total);
    expect((await used(pool, () => key)).text).toBe(keyed.text);
    const again = [...load.accepted.values()].slice(0, 500);
    const { body } = await scene.call(pool.url, '/api/v1/usage', again);
    expect(body['duplicates']).toBe(again.length);
    process.stdout.write(
      `moved out and back at ${load.rate.toFixed(0)} requests a second, longest pause ${(load.longestPauseMs / 1000).toFixed(1)} s\n`,
    );
    await scene.stop(own);
  });

  it('that is undone while it drains is written again where it was', async () => {
    const { home, url } = scene.newHome();
    const next = { homeId: home.homeId, epoch: 4, url };
    const previous = { homeId: home.homeId, epoch: 2 };
    await scene.issue(at(scene.poolId, 3, scene.poolUrl, { previous, phase: 'draining', next }), home);
    await scene.reports(4, 'drained');
    const event = { id: 'while-held', time: new Date().toISOString(), quantity: '1' };
    const held = await submit(pool.url, event);
    expect([held.status, held.body['code']]).toEqual([503, 'PLACEMENT.DRAINING']);
    await scene.issue(at(scene.poolId, 3, scene.poolUrl, { previous }));
    await eventually(async () => {
      const answer = await submit(pool.url, event);
      if (answer.status !== 202) throw new Error(answer.text);
    }, WAIT);
    const rows = await scene.home(scene.poolId, 'SELECT 1 FROM move_step WHERE to_epoch = 4');
    expect(rows).toEqual([]);
  });
});
