import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  FakeClock,
  spawnSource,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';
import type { UsageChildInput } from '../../testing/usage.child.js';

const NOW = '2026-04-10T12:30:00.000Z';
const EVENTS = 50;

let database: TestPostgres;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

describe('a replica that is killed while it takes usage', () => {
  it.each([
    ['metrics.after_insert_before_commit', 0],
    ['metrics.after_commit_before_reply', EVENTS],
  ])('C3: at %s, the client sends again and every event counts once', async (point, stored) => {
    const homeId = randomUUID();
    const licenses = new TestLicenses(homeId, new FakeClock(NOW));
    const deploymentId = licenses.place('2026-03-01T00:00:00.000Z');
    const body = Array.from({ length: EVENTS }, (_, n) =>
      usageEvent(deploymentId, { id: `${n}`, time: NOW, quantity: '1.1' }),
    );
    const input: UsageChildInput = { homeUrl: database.url, homeId, deploymentId, now: NOW, body };
    const child = spawnSource(new URL('../../testing/usage.child.ts', import.meta.url), input, {
      FAULT_POINTS: point,
      NODE_ENV: 'test',
    });
    const end = await child.ended;
    expect({ signal: end.signal, output: end.output }).toEqual({ signal: 'SIGKILL', output: '' });

    const rows = await database.query<{ events: number }>(
      'SELECT count(*)::int AS events FROM usage_event WHERE deployment_id = $1',
      [deploymentId],
    );
    expect(rows).toEqual([{ events: stored }]);
    const replica = new UsageReplica({ clock: new FakeClock(NOW), unitOfWork, homeId, licenses });
    expect(await replica.metrics.accept(body)).toMatchObject({
      accepted: EVENTS - stored,
      duplicates: stored,
      rejected: 0,
    });
    const totals = await database.query(
      'SELECT trim_scale(quantity)::text AS quantity FROM usage_window WHERE deployment_id = $1',
      [deploymentId],
    );
    expect(totals).toEqual([{ quantity: '55' }]);
  });
});
