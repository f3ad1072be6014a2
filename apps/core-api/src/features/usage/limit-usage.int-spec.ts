import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LimitKey } from '@biplane/limits';
import type { UnitOfWork } from '@biplane/service-kit';
import { testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { CONTROL_HOME } from './control-home.js';
import { LimitUsageStore } from './limit-usage.js';

const deploymentId = randomUUID();
const meter = 'ingested_gb';
const store = new LimitUsageStore({ usageFrom: () => undefined } as never);
let database: TestPostgres;
let unitOfWork: UnitOfWork;

async function counted(hour: string, ...events: [minute: string, quantity: string][]): Promise<void> {
  const start = `2026-04-09T${hour}:00:00Z`;
  const end = new Date(Date.parse(start) + 3_600_000).toISOString();
  for (const [minute, quantity] of events) {
    await database.query(
      `INSERT INTO usage_event (deployment_id, source, event_id, meter, quantity, occurred_at, window_start, received_at)
       VALUES ($1, '/test', $2, $3, $4, $5, $6, $6)`,
      [deploymentId, randomUUID(), meter, quantity, `2026-04-09T${hour}:${minute}:00Z`, start],
    );
  }
  const total = events.reduce((sum, [, quantity]) => sum + Number(quantity), 0);
  await database.query(
    `INSERT INTO usage_window (deployment_id, meter, window_start, home_id, incarnation, window_end, hour, aggregation,
       revision, quantity, closed, received_at) VALUES ($1, $2, $3, $4, 1, $5, $3, 'sum', 1, $6, false, $3)`,
    [deploymentId, meter, start, CONTROL_HOME, end, total],
  );
}

beforeAll(async () => {
  database = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', database.url);
  await counted('17', ['10', '1']);
  await counted('18', ['15', '3'], ['45', '4']);
  await counted('19', ['05', '8']);
});
afterAll(async () => {
  await unitOfWork.close();
  await database.drop();
});

describe('what a limit of the control plane is decided by', () => {
  it.each([
    ['Kolkata, whose midnight lies within a window', '2026-04-08T18:30:00Z', '2026-04-09T18:30:00Z', '4', '3'],
    ['the day after it', '2026-04-09T18:30:00Z', '2026-04-10T18:30:00Z', '12', '8'],
    ['UTC', '2026-04-09T00:00:00Z', '2026-04-10T00:00:00Z', '16', '8'],
  ])('a day is exact in %s', async (_zone, from, to, sum, peak) => {
    const period = { from: new Date(from), to: new Date(to) };
    const key = { deploymentId, meter, window: 'day', period, aggregation: 'sum' } as LimitKey;
    expect(await store.used(unitOfWork.reader, key, 'sum')).toBe(sum);
    expect(Number(await store.used(unitOfWork.reader, key, 'peak'))).toBe(Number(peak));
  });
});
