import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { waitFor } from '@biplane/testing';
import { ChecksRig, type Decision } from '../../testing/checks-rig.js';

let rig: ChecksRig;
beforeAll(async () => {
  rig = await ChecksRig.start();
});
afterAll(() => rig.close());

describe('the connector story', () => {
  it('the eleventh of ten connectors is refused with its reason, and the refusal is a violation', async () => {
    const { deploymentId } = await rig.made();
    for (let count = 1; count <= 10; count += 1) {
      const decision = await rig.connector(deploymentId);
      expect(decision).toMatchObject({ outcome: 'allow', used: String(count - 1) });
      expect(await rig.act(decision.reservationId!, 'confirm')).toMatchObject({
        status: 200,
        body: { state: 'confirmed' },
      });
    }
    const eleventh = await rig.connector(deploymentId);
    expect(eleventh).toMatchObject({
      outcome: 'deny',
      isAllowed: false,
      code: 'LIMIT.REACHED',
      reason: '10 of 10 connectors are in use',
      used: '10',
      remaining: '0',
      stale: false,
    });
    const found = {
      rule: 'limit_denied',
      severity: 'warning',
      source: 'control',
      module: 'connectors',
      resolvedAt: null,
    };
    expect(await rig.violations(deploymentId)).toMatchObject([{ ...found, used: '10', cap: '10', count: 1 }]);
    const [event] = await rig.suite.events('subscription.entitlement.exceeded', deploymentId);
    expect(event).toMatchObject({ kind: 'denied', meter: 'connectors', plane: 'control', used: '10', cap: '10' });

    await rig.connector(deploymentId, { reserve: false });
    await waitFor('the second refusal to be counted', async () => {
      const [violation] = await rig.violations(deploymentId);
      return violation?.['count'] === 2;
    });
    expect(await rig.suite.events('subscription.entitlement.exceeded', deploymentId)).toHaveLength(1);
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({
      ...{ isAllowed: false, remaining: '0', used: '10', limit: '10', behavior: 'hard_block', stale: false },
    });
  });

  it('a reservation counts once however often it is confirmed, and what is released is free again', async () => {
    const { deploymentId } = await rig.made();
    const { reservationId } = await rig.connector(deploymentId, { quantity: '4' });
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '4', remaining: '6' });
    const twice = await Promise.all(Array.from({ length: 5 }, () => rig.act(reservationId!, 'confirm')));
    expect(twice.map(({ status }) => status)).toEqual(Array(5).fill(200));
    const windows = await rig.suite.postgres.query(
      `SELECT trim_scale(quantity)::text AS quantity FROM usage_window WHERE deployment_id = $1`,
      [deploymentId],
    );
    expect(windows).toEqual([{ quantity: '4' }]);
    expect(await rig.act(reservationId!, 'release')).toMatchObject({
      status: 409,
      body: { code: 'RESERVATION.CONFIRMED' },
    });

    const second = await rig.connector(deploymentId, { quantity: '6' });
    expect((await rig.connector(deploymentId)).code).toBe('LIMIT.REACHED');
    expect(await rig.act(second.reservationId!, 'release')).toMatchObject({ body: { state: 'released' } });
    expect(await rig.act(second.reservationId!, 'confirm')).toMatchObject({ status: 409 });
    expect((await rig.connector(deploymentId, { reserve: false })).outcome).toBe('allow');
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '4' });
  });

  it('what was reserved before midnight is usage of that day, confirmed when it may be: both days keep their cap', async () => {
    const { deploymentId } = await rig.made();
    const counts = async () =>
      rig.suite.postgres.query<{ used: string; held: string }>(
        `SELECT trim_scale(used)::text AS used, trim_scale(held)::text AS held FROM limit_counter
          WHERE deployment_id = $1 AND meter = 'imported_rows' ORDER BY window_start`,
        [deploymentId],
      );
    await rig.clockAt(deploymentId, '2026-04-11T13:55:00.000Z');
    const [late, never] = [await rig.import(deploymentId, '7'), await rig.import(deploymentId, '4')];
    expect([late.code, never.code]).toEqual([null, 'LIMIT.REACHED']);
    await rig.clockAt(deploymentId, '2026-04-11T14:02:00.000Z'); // a new day in Brisbane
    await rig.ingested(deploymentId, '3', '2026-04-11T13:30:00.000Z', 'imported_rows');
    expect((await rig.act(late.reservationId!, 'confirm')).status).toBe(200);
    expect((await rig.act(late.reservationId!, 'confirm')).status).toBe(200);
    expect((await rig.import(deploymentId, '10')).code).toBeNull();
    expect(await counts()).toEqual([
      { used: '10', held: '0' },
      { used: '0', held: '10' },
    ]);
    const events = await rig.suite.postgres.query<{ at: Date }>(
      `SELECT occurred_at AS at FROM usage_event WHERE deployment_id = $1 AND source = '/control/reservations'`,
      [deploymentId],
    );
    expect(events.map(({ at }) => at.toISOString())).toEqual(['2026-04-11T13:59:59.999Z']);
  });

  it('a check of an unknown module or feature denies', async () => {
    const { deploymentId } = await rig.made();
    for (const action of ['search:query', 'connectors:drop', 'constructor:create']) {
      expect(await rig.check(deploymentId, { action })).toMatchObject({
        outcome: 'deny',
        code: 'LICENSE.MODULE_NOT_LICENSED',
      });
    }
    expect(await rig.violations(deploymentId)).toEqual([]);
  });

  it('a meter that the homes count is answered from what they last told, and cannot be reserved here', async () => {
    const { deploymentId } = await rig.made();
    const asked = { action: 'financials:automated_billing', meter: 'api_calls', quantity: '100' };
    expect(await rig.check(deploymentId, asked)).toMatchObject({ outcome: 'warn', used: '0', stale: true });
    await rig.suite.postgres.query(
      `INSERT INTO usage_window SELECT $1, 'api_calls', '2026-04-10T11:00:00Z', gen_random_uuid(), 1, '2026-04-10T12:00:00Z',
              '2026-04-10T11:00:00Z', 'sum', 1, 100, false, 1, '2026-04-10T11:59:00Z'`,
      [deploymentId],
    );
    expect(await rig.check(deploymentId, asked)).toMatchObject({ outcome: 'deny', used: '100', stale: true });
    expect(await rig.quota(deploymentId, 'financials.api_calls.month')).toMatchObject({
      ...{ used: '100', stale: true, asOf: '2026-04-10T11:59:00.000Z', resetsAt: '2026-04-30T14:00:00.000Z' },
    });
    const body = { deploymentId, ...asked, reserve: true };
    expect(await rig.gate.post('/api/v1/subscription/check', body)).toMatchObject({
      status: 422,
      body: { code: 'METER.WRONG_PLANE' },
    });
  });
});

describe('one key, one decision', () => {
  it('C5: fifty checks at once with one key are one decision and one reservation', async () => {
    const { deploymentId } = await rig.made();
    const key = randomUUID();
    const body = { deploymentId, action: 'connectors:create', meter: 'connectors', reserve: true };
    const ask = () => rig.gate.post('/api/v1/subscription/check', body, { 'idempotency-key': key });
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    const late = answers.filter(({ status }) => status === 409);
    const decided = answers.filter(({ status }) => status === 200);
    expect(late.length + decided.length).toBe(50);
    for (const { headers } of late) expect(headers.get('retry-after')).toBe('1');
    const again = await ask();
    expect(again).toMatchObject({ status: 200, body: { outcome: 'allow' } });
    for (const { body: decision } of decided) expect(decision).toEqual(again.body);
    const held = 'SELECT 1 FROM limit_reservation WHERE deployment_id = $1';
    expect(await rig.suite.postgres.query(held, [deploymentId])).toHaveLength(1);
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '1' });
  });

  it('C4: the same key with another question is refused, and nothing is held', async () => {
    const { deploymentId } = await rig.made();
    const key = randomUUID();
    const body = { action: 'connectors:create', meter: 'connectors', quantity: '1', reserve: true };
    const first = await rig.check(deploymentId, body, key);
    for (const over of [
      { quantity: '2' },
      { reserve: false },
      { action: 'ingestion:ingest' },
      { meter: 'ingested_gb' },
    ]) {
      const headers = { 'idempotency-key': key };
      const answer = await rig.gate.post('/api/v1/subscription/check', { deploymentId, ...body, ...over }, headers);
      expect(answer).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY.KEY_REUSED' } });
    }
    expect(await rig.check(deploymentId, body, key)).toEqual(first);
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '1' });
  });

  it.each([
    ['an unknown member', { priority: 'high' }],
    ['an action without a feature', { action: 'connectors' }],
    ['a negative quantity', { quantity: '-1' }],
    ['a number where a text belongs', { quantity: 1 }],
    ['a quantity of too many digits', { quantity: '1'.repeat(31) }],
    ['a deployment that is no id', { deploymentId: 'x' }],
  ])('refuses %s', async (_, over) => {
    const body = { deploymentId: randomUUID(), action: 'connectors:create', ...over };
    expect(await rig.gate.post('/api/v1/subscription/check', body)).toMatchObject({ status: 400 });
  });
});

describe('requests that are queued', () => {
  it('are let in when the cap rises, the first one first; a place that is given up holds nobody up', async () => {
    const { deploymentId } = await rig.made();
    const first = await rig.ingestion(deploymentId, '48');
    expect(await rig.act(first.reservationId!, 'confirm')).toMatchObject({ status: 200 });
    const queued: Decision[] = [];
    for (const quantity of ['5', '3', '4']) queued.push(await rig.ingestion(deploymentId, quantity));
    expect(queued[0]).toMatchObject({ outcome: 'delay', code: 'LIMIT.QUEUED', retryAt: '2026-04-30T14:00:00.000Z' });
    // There would be room for one: who comes later goes to the end all the same.
    expect(await rig.ingestion(deploymentId, '1')).toMatchObject({ code: 'LIMIT.QUEUED' });
    const delayed = await waitFor('each delay to be counted', async () => {
      const found = await rig.violations(deploymentId);
      return found[0]?.['count'] === 4 && found;
    });
    expect(delayed).toMatchObject([
      { rule: 'limit_delayed', count: 4 },
      { rule: 'limit_warned', threshold: '0.8', severity: 'info' },
    ]);
    expect((await rig.ticketOf(queued[2]!.ticketId!)).ahead).toBe(2);
    const path = `/api/v1/subscription/tickets/${queued[1]!.ticketId}`;
    expect(await rig.gate.send('DELETE', path)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect((await rig.ticketOf(queued[2]!.ticketId!)).ahead).toBe(1);

    const override = { cap: '57', reason: 'more for now' };
    await rig.suite.admin.expect(
      200,
      'PUT',
      `/api/v1/deployments/${deploymentId}/overrides/ingestion/ingested_gb`,
      override,
    );
    const admitted = await waitFor('the tickets to be let in', async () => {
      const tickets = [await rig.ticketOf(queued[0]!.ticketId!), await rig.ticketOf(queued[2]!.ticketId!)];
      return tickets.every(({ state }) => state === 'admitted') && tickets;
    });
    expect(await rig.act(admitted![0]!.reservationId!, 'confirm')).toMatchObject({ status: 200 });
    expect(await rig.quota(deploymentId, 'ingestion.ingested_gb.month')).toMatchObject({ used: '57', limit: '57' });
    const events = await rig.suite.events('subscription.ticket.admitted', deploymentId);
    expect(events.map(({ ticketId }) => ticketId)).toEqual([queued[0]!.ticketId, queued[2]!.ticketId]);
  });
});

describe('what was decided', () => {
  it('is counted by outcome and code, and its time is measured', async () => {
    const metrics = (await rig.suite.admin.get('/metrics')).body as string;
    for (const series of [
      /subscription_checks_total\{outcome="allow",plane="control"\} [1-9]/,
      /subscription_denials_total\{code="LIMIT.REACHED",plane="control"\} [1-9]/,
      /subscription_check_seconds_count\{plane="control"\} [1-9]/,
    ]) {
      expect(series.test(metrics) || String(series)).toBe(true);
    }
  });
});
