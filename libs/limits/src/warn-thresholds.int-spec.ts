import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import { testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { LimitCounters, WarnThresholds, type LimitKey } from './index.js';
import { limitOf, monthKey, NOW, windowSource } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  await unitOfWork.close();
  await database.drop();
});

const counters = new LimitCounters(windowSource);
const thresholds = new WarnThresholds();
const limit = limitOf({ cap: '100', warnAt: ['0.8', '0.5', '1'] });

const add = (key: LimitKey, quantity: string) =>
  unitOfWork.run(async (tx) => {
    await counters.ensure(tx, [key]);
    await counters.add(tx, [{ key, quantity, at: new Date(NOW) }]);
  });
const cross = async (key: LimitKey) =>
  (await unitOfWork.run((tx) => thresholds.cross(tx, key, 'calls', limit))).map(({ share }) => share);

describe('WarnThresholds', () => {
  it('a share is passed when the use reaches it, once a window; several at once in their order', async () => {
    const key = monthKey();
    await add(key, '49.999');
    expect(await cross(key)).toEqual([]);
    await add(key, '0.001');
    expect(await cross(key)).toEqual(['0.5']);
    expect(await cross(key)).toEqual([]);
    await add(key, '60');
    expect(await cross(key)).toEqual(['0.8', '1']);
    expect(await cross(key)).toEqual([]);
    const may = { from: new Date('2026-05-01T00:00:00Z'), to: new Date('2026-06-01T00:00:00Z') };
    const next = { ...key, period: may };
    await add(next, '50');
    expect(await cross(next)).toEqual(['0.5']);
  });

  it('of replicas that look at once, one finds it', async () => {
    const key = monthKey();
    await add(key, '90');
    const found = await Promise.all(Array.from({ length: 12 }, () => cross(key)));
    expect(found.flat().sort()).toEqual(['0.5', '0.8']);
  });
});
