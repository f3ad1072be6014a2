import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import { testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { DecisionLog, type DecisionRow } from './index.js';
import { addAllowed, takeFlush } from './store/decisions.js';
import { ids, NOW, stopped } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
let log: DecisionLog;
beforeAll(async () => {
  database = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', database.url);
});
beforeEach(() => {
  log = new DecisionLog({ unitOfWork, clock: stopped(NOW), ids });
});
afterAll(async () => {
  await unitOfWork.close();
  await database.drop();
});

const rowOf = (changes: Partial<DecisionRow> = {}): DecisionRow => ({
  decisionId: randomUUID(),
  deploymentId: randomUUID(),
  principal: 'client',
  action: 'calls:make',
  meter: 'api_calls',
  quantity: '1.5',
  outcome: 'deny',
  code: 'LIMIT.REACHED',
  answer: '{"z":1,  "a":"\\u00e9"}',
  decidedAt: new Date(NOW),
  idempotency: null,
  ...changes,
});
const allowedOf = async (deploymentId: string): Promise<unknown[]> =>
  database.query(
    `SELECT action, meter, hour, allowed::int AS allowed FROM decision_count WHERE deployment_id = $1 ORDER BY hour, meter`,
    [deploymentId],
  );

describe('DecisionLog', () => {
  it('keeps an answer byte for byte', async () => {
    const row = rowOf({ idempotency: { key: 'k1', questionHash: 'a'.repeat(64) } });
    await unitOfWork.run((tx) => log.record(tx, row));
    expect(await unitOfWork.run((tx) => log.stored(tx, 'client', 'k1', 'a'.repeat(64)))).toBe(row.answer);
    expect(await unitOfWork.run((tx) => log.stored(tx, 'other', 'k1', 'b'.repeat(64)))).toBeNull();
  });

  it('counts what was allowed by action, meter and hour, however often it is flushed', async () => {
    const deploymentId = randomUUID();
    for (let n = 0; n < 5; n += 1) log.countAllowed(deploymentId, 'calls:make', 'api_calls', new Date(NOW));
    log.countAllowed(deploymentId, 'calls:make', undefined, new Date(NOW));
    await log.flush();
    await log.flush();
    log.countAllowed(deploymentId, 'calls:make', 'api_calls', new Date('2026-04-10T12:59:59.999Z'));
    log.countAllowed(deploymentId, 'calls:make', 'api_calls', new Date('2026-04-10T13:00:00Z'));
    await log.flush();
    const hour = new Date(NOW);
    expect(await allowedOf(deploymentId)).toEqual([
      { action: 'calls:make', meter: '', hour, allowed: 1 },
      { action: 'calls:make', meter: 'api_calls', hour, allowed: 6 },
      { action: 'calls:make', meter: 'api_calls', hour: new Date('2026-04-10T13:00:00Z'), allowed: 1 },
    ]);
  });

  it('a flush whose answer was lost is applied once', async () => {
    const flush = { processId: randomUUID(), purpose: 'allowed', now: new Date(NOW) };
    const take = (sequence: number) => unitOfWork.run((tx) => takeFlush(tx, { ...flush, sequence }));
    expect([await take(1), await take(1), await take(2), await take(1)]).toEqual([true, false, true, false]);
  });

  it('what waits for a flush is written with it, and no more than can be kept', async () => {
    const rows = Array.from({ length: 3 }, () => rowOf());
    for (const row of rows) expect(log.recordLater(row)).toBe(true);
    await log.flush();
    const stored = await database.query(
      `SELECT trim_scale(quantity)::text AS quantity, code, answer FROM decision WHERE id = ANY($1::uuid[])`,
      [rows.map(({ decisionId }) => decisionId)],
    );
    expect(stored).toEqual(rows.map(({ answer }) => ({ quantity: '1.5', code: 'LIMIT.REACHED', answer })));
    const kept = Array.from({ length: 5_001 }, () => log.recordLater(rowOf()));
    expect(kept.filter((each) => !each)).toHaveLength(1);
  });

  it('forgets by age, a bounded number at a time', async () => {
    const deploymentId = randomUUID();
    const old = new Date('2026-01-01T00:00:00Z');
    await unitOfWork.run(async (tx) => {
      for (let n = 0; n < 3; n += 1) await log.record(tx, rowOf({ deploymentId, decidedAt: old }));
      await log.record(tx, rowOf({ deploymentId }));
      await addAllowed(tx, [{ deploymentId, action: 'a:b', meter: '', hour: old, allowed: 1 }]);
    });
    const forget = () => unitOfWork.run((tx) => log.forget(tx, new Date('2026-02-01T00:00:00Z'), 2));
    expect([await forget(), await forget(), await forget()]).toEqual([3, 1, 0]);
    expect(await database.query('SELECT 1 FROM decision WHERE deployment_id = $1', [deploymentId])).toHaveLength(1);
  });
});
