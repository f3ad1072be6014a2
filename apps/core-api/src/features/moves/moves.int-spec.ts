import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BilledScene } from '../../testing/billing-rig.js';
import { MovesRig } from '../../testing/moves-rig.js';

const BEFORE_FLIP = ['standby_ready', 'drained', 'copied'] as const;
let rig: MovesRig;
const tenant = (body: Record<string, unknown> = {}): Promise<BilledScene> => rig.billing.tenant(body);

beforeAll(async () => {
  rig = await MovesRig.open('2026-04-01T00:00:00.000Z');
});
afterAll(async () => rig?.close());

describe('a move', () => {
  it('E15: goes by what homes report alone: its license drains and names the next home, and all changes at the flip', async () => {
    const scene = await tenant();
    const before = await rig.deployment(scene);
    const { status, body } = await rig.move(scene, 'container_per_tenant');
    expect([status, body['kind'], body['state']]).toEqual([202, 'move', 'running']);
    const { toHomeId, epoch } = await rig.present(scene);
    const standing = { homeId: before.homeId, epoch: 1, next: { homeId: toHomeId, epoch } };
    expect(await rig.placement(scene)).toMatchObject({ ...standing, phase: 'serving' });
    await rig.say(scene, 'standby_ready');
    expect(await rig.placement(scene)).toMatchObject({ ...standing, phase: 'draining' });
    await rig.say(scene, 'drained');
    expect(await rig.deployment(scene)).toMatchObject({ type: 'shared', homeId: before.homeId });
    await rig.say(scene, 'copied');
    const flipped = await rig.placement(scene);
    expect(flipped).toMatchObject({ homeId: toHomeId, epoch: 2, phase: 'serving' });
    expect([flipped.next, flipped.previous]).toEqual([undefined, { homeId: before.homeId, epoch: 1 }]);
    const after = await rig.deployment(scene);
    expect(after).toMatchObject({ type: 'container_per_tenant', homeId: toHomeId, epoch: 2 });
    expect(after.placements.map(({ homeId, to }) => [homeId, to === null])).toEqual([
      [before.homeId, false],
      [toHomeId, true],
    ]);
    await rig.sayAll(scene, 'fenced', 'ready', 'cleaned');
    const operation = await rig.operation(String(body['id']));
    expect([operation.state, operation.steps.map(({ state }) => state)]).toEqual([
      'succeeded',
      Array.from({ length: 6 }, () => 'succeeded'),
    ]);
    expect(operation.steps[4]?.reason).toMatch(/^nothing could be written for \d+\.\d s$/);
    const move = await rig.present(scene);
    expect([move.phase, typeof move.writePauseMs, move.reports.length]).toEqual(['done', 'number', 6]);
    const metrics = await (await fetch(`${rig.billing.core.url}/metrics`)).text();
    expect(metrics).toContain('move_write_pause_seconds_count{to="container_per_tenant"');
  });

  it('what homes say in any order, twice, before a crash or too early ends in the same', async () => {
    const scene = await tenant();
    await rig.move(scene, 'container_per_tenant');
    await rig.sayAll(scene, 'ready', 'cleaned', 'copied', 'fenced', 'drained');
    expect((await rig.deployment(scene)).type).toBe('shared');
    await rig.say(scene, 'standby_ready');
    expect((await rig.present(scene)).phase).toBe('done');
  });

  it('F1: a home may say its own steps of the present move alone; the rest is kept aside and changes nothing', async () => {
    const scene = await tenant();
    await rig.move(scene, 'container_per_tenant');
    const { fromHomeId, toHomeId } = await rig.present(scene);
    await rig.say(scene, 'standby_ready', { homeId: fromHomeId });
    await rig.say(scene, 'drained', { homeId: toHomeId });
    await rig.say(scene, 'standby_ready', { epoch: 3 });
    await rig.say(scene, 'standby_ready', { homeId: randomUUID() });
    expect((await rig.present(scene)).reports).toEqual([]);
    const rows = await rig.billing.postgres.query<{ reason: string }>(
      `SELECT reason FROM license_quarantine WHERE record->>'deploymentId' = $1 ORDER BY reason`,
      [scene.deploymentId],
    );
    expect(rows.map(({ reason }) => reason)).toEqual([
      'HOME_NOT_PLACED',
      'HOME_NOT_PLACED',
      'HOME_UNKNOWN',
      'MOVE_UNKNOWN',
    ]);
    await rig.billing.admin.expect(200, 'POST', `/api/v1/deployments/${scene.deploymentId}/move/cancel`, {
      reason: 'a test',
    });
  });

  it('a copy that differs is never served from: the move is undone, and the next one has an epoch of its own', async () => {
    const scene = await tenant();
    const { body } = await rig.move(scene, 'container_per_tenant');
    await rig.sayAll(scene, 'standby_ready', 'drained');
    const { toHomeId, fromHomeId } = await rig.present(scene);
    await rig.say(scene, 'copied', { tables: [{ name: 'usage_event_key', rows: 1, checksum: 'a'.repeat(64) }] });
    const operation = await rig.operation(String(body['id']));
    expect([operation.state, operation.reason]).toEqual([
      'failed',
      'copy: the copy differs: usage_event_key has 2 rows and 1',
    ]);
    const placement = await rig.placement(scene);
    expect([placement.homeId, placement.phase, placement.next]).toEqual([fromHomeId, 'serving', undefined]);
    expect(await rig.desired(toHomeId)).toBe('absent');
    const retried = await rig.billing.admin.post(`/api/v1/operations/${operation.id}/retry`, undefined);
    expect([retried.status, (retried.body as { code: string }).code]).toEqual([422, 'MOVE.UNDONE']);
    expect((await rig.move(scene, 'container_per_tenant')).status).toBe(202);
    expect((await rig.present(scene)).epoch).toBe(3);
    await rig.sayAll(scene, ...BEFORE_FLIP, 'fenced', 'ready', 'cleaned');
    expect((await rig.deployment(scene)).epoch).toBe(3);
  });

  it('can be cancelled until its flip and not after it', async () => {
    const scene = await tenant();
    const cancel = `/api/v1/deployments/${scene.deploymentId}/move/cancel`;
    const none = await rig.billing.admin.post(cancel, { reason: 'not tonight' });
    expect([none.status, (none.body as { code: string }).code]).toEqual([422, 'MOVE.NOT_RUNNING']);
    await rig.move(scene, 'container_per_tenant');
    await rig.sayAll(scene, 'standby_ready', 'drained');
    expect(await rig.billing.admin.expect(200, 'POST', cancel, { reason: 'not tonight' })).toMatchObject({
      state: 'failed',
      reason: 'copy: cancelled: not tonight',
    });
    await rig.move(scene, 'container_per_tenant');
    await rig.sayAll(scene, ...BEFORE_FLIP);
    const late = await rig.billing.admin.post(cancel, { reason: 'too late' });
    expect([late.status, (late.body as { code: string }).code]).toEqual([422, 'MOVE.PAST_FLIP']);
    const undo = `UPDATE move SET phase = 'rolled_back' WHERE deployment_id = $1::uuid AND phase = 'flipped'`;
    await expect(rig.billing.postgres.query(undo, [scene.deploymentId])).rejects.toThrow('goes on');
    await rig.sayAll(scene, 'fenced', 'ready', 'cleaned');
  });

  it('is refused with every reason, told once for one key, and never runs beside another', async () => {
    const scene = await tenant();
    const key = randomUUID();
    const refused = await rig.move(scene, 'shared');
    expect([refused.status, refused.body['code'], refused.body['reasons']]).toEqual([
      422,
      'MOVE.REFUSED',
      ['it is shared already'],
    ]);
    const [first, again] = [
      await rig.move(scene, 'container_per_tenant', key),
      await rig.move(scene, 'container_per_tenant', key),
    ];
    expect([first.status, again.body['id']]).toEqual([202, first.body['id']]);
    const busy = await rig.move(scene, 'container_per_tenant');
    expect([busy.status, busy.body['code']]).toEqual([409, 'OPERATION.BUSY']);
    await rig.sayAll(scene, ...BEFORE_FLIP, 'fenced', 'ready', 'cleaned');
    expect((await rig.moves(scene)).length).toBe(1);
  });

  it('back to the pool waits until the cluster has let go of the home that was left', async () => {
    const scene = await tenant();
    await rig.move(scene, 'container_per_tenant');
    await rig.sayAll(scene, ...BEFORE_FLIP, 'fenced', 'ready', 'cleaned');
    const { body } = await rig.move(scene, 'shared');
    const { fromHomeId, toHomeId, epoch } = await rig.present(scene);
    await rig.sayAll(scene, ...BEFORE_FLIP, 'fenced', 'ready');
    expect(await rig.desired(fromHomeId)).toBe('running');
    await rig.say(scene, 'cleaned');
    expect([await rig.desired(fromHomeId), (await rig.present(scene)).phase]).toEqual(['absent', 'flipped']);
    await rig.gone(fromHomeId);
    await rig.ended(String(body['id']), 'succeeded');
    expect(await rig.deployment(scene)).toMatchObject({ type: 'shared', homeId: toHomeId, epoch });
  });

  it('the bill of a tenant that moved within an hour is that of one that stayed, for sums, peaks and gauges alike', async () => {
    for (const [meter, aggregation] of [
      ['seats_peak', 'peak'],
      ['disk_gb', 'last'],
    ] as const) {
      const body = { meter, name: meter, unit: 'piece', aggregation, authority: 'data' };
      await rig.billing.admin.expect(201, 'POST', '/api/v1/catalog/meters', body);
    }
    const price = { kind: 'per_unit', unitPrice: '0.10' };
    const meters = ['droplet_hours', 'seats_peak', 'disk_gb'].map((meter) => ({ meter, included: '0', price }));
    await rig.billing.plan('metered', 10, { baseFee: '10.00', meters });
    const wanted = { plan: { code: 'metered' }, addons: [] };
    const [stayed, moved] = [await tenant(wanted), await tenant(wanted)];
    const home = (await rig.deployment(stayed)).homeId;
    const minute = (n: number) => `2026-04-10T09:${String(n).padStart(2, '0')}:00.000Z`;
    await rig.billing.at(minute(30));
    await rig.move(moved, 'container_per_tenant');
    const { toHomeId } = await rig.present(moved);
    const windows = (sum: string, peak: string, gauge: string, lastAt: string) => [
      { meter: 'droplet_hours', aggregation: 'sum' as const, at: minute(0), quantity: sum },
      { meter: 'seats_peak', aggregation: 'peak' as const, at: minute(0), quantity: peak },
      { meter: 'disk_gb', aggregation: 'last' as const, at: minute(0), quantity: gauge, lastAt },
    ];
    for (const window of windows('100', '9', '40', minute(50))) await rig.used(stayed, home, window);
    for (const window of windows('60', '9', '70', minute(20))) await rig.used(moved, home, window);
    await rig.sayAll(moved, ...BEFORE_FLIP, 'fenced', 'ready', 'cleaned');
    for (const window of windows('40', '4', '40', minute(50))) await rig.used(moved, toHomeId, window);
    // Late, of an hour that the old home served alone, and of before the reading that it took then.
    const late = { meter: 'droplet_hours', aggregation: 'sum' as const, at: '2026-04-09T00:00:00.000Z', quantity: '5' };
    await rig.used(stayed, home, late);
    await rig.used(moved, toHomeId, late);
    await rig.billing.at('2026-05-02T00:00:00.000Z');
    const lines = async (scene: BilledScene) =>
      (await scene.month('2026-04')).lines.map(({ resourceKind, quantity, amount }) => [
        resourceKind,
        quantity,
        amount,
      ]);
    expect(await lines(moved)).toEqual(await lines(stayed));
    expect((await moved.month('2026-04')).total).toEqual((await stayed.month('2026-04')).total);
  });

  it('that hangs is undone at its deadline, with what it waited for', async () => {
    const scene = await tenant();
    const { body } = await rig.move(scene, 'container_per_tenant');
    await rig.say(scene, 'standby_ready');
    await rig.billing.at('2026-05-02T00:03:00.000Z');
    await rig.ended(String(body['id']), 'failed');
    const { reason } = await rig.operation(String(body['id']));
    expect(reason).toBe('drain: the old home still drains');
    const placement = await rig.placement(scene);
    expect([placement.phase, placement.next, (await rig.present(scene)).phase]).toEqual([
      'serving',
      undefined,
      'rolled_back',
    ]);
  });
});
