import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  sizeOfRun,
  spawnSource,
  testPostgres,
  waitFor,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { LimitCounters, SliceBank, type LimitKey } from './index.js';
import { APRIL, ids, monthKey, NOW, stopped, windowSource } from './spec-support/rig.js';
import type { TakerInput } from './spec-support/taker.child.js';

const PROCESSES = 8;
const TAKER = new URL('./spec-support/taker.child.ts', import.meta.url);
const AFTER_TTL = '2026-04-10T12:00:30.000Z';

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

const inputOf = (key: LimitKey, changes: Partial<TakerInput>): TakerInput => ({
  url: database.url,
  key,
  period: { from: APRIL.from.toISOString(), to: APRIL.to.toISOString() },
  cap: '1000',
  attempts: 1_000,
  now: NOW,
  lanes: 32,
  ...changes,
});
const stateOf = async (key: LimitKey) => (await new LimitCounters(windowSource).read(unitOfWork.reader, [key]))[0];

describe('a limit that many processes take from', () => {
  it('8 processes that ask for 10,000 more than there are get exactly what there is', async () => {
    const limit = sizeOfRun({ soak: 100_000, ci: 3_000 });
    const key = monthKey();
    const attempts = (limit + 10_000) / PROCESSES;
    const input = inputOf(key, { cap: String(limit), attempts });
    const ends = await Promise.all(Array.from({ length: PROCESSES }, () => spawnSource(TAKER, input).ended));
    expect(ends.filter(({ code }) => code !== 0).map(({ output }) => output)).toEqual([]);
    const admitted = ends.map(({ output }) => Number(output));
    expect(admitted.reduce((sum, each) => sum + each, 0)).toBe(limit);
    expect(admitted.filter((each) => each > 0).length).toBeGreaterThan(1);
    expect(await stateOf(key)).toMatchObject({ used: String(limit), held: '0', lost: '0' });
  });

  it('processes that are killed lose what they held: never more than the cap is admitted, and the rest can be used', async () => {
    const key = monthKey();
    const cap = 2_000;
    const doomed = Array.from({ length: 3 }, () =>
      spawnSource(TAKER, inputOf(key, { cap: String(cap), attempts: 300, isDoomed: true, lanes: 4 })),
    );
    const killed = [];
    for (const [index, child] of doomed.entries()) {
      const isTaking = async () => Number((await stateOf(key))?.spent) > index * 100;
      await waitFor('slices to be taken', isTaking);
      child.kill('SIGKILL');
      killed.push(await child.ended);
    }
    expect(killed.map(({ signal }) => signal)).toEqual(Array(3).fill('SIGKILL'));
    expect(killed.map(({ output }) => output.replace(/\.*/, ''))).toEqual(['', '', '']);
    const before = killed.reduce((sum, { output }) => sum + output.length, 0);
    expect(before).toBeGreaterThan(0);

    const counters = new LimitCounters(windowSource);
    const bank = new SliceBank({ unitOfWork, counters, clock: stopped(AFTER_TTL), ids });
    await unitOfWork.run((tx) => bank.expire(tx, new Date(AFTER_TTL)));
    const { lost, held, used } = (await stateOf(key))!;
    expect(held).toBe('0');
    expect(Number(used)).toBeLessThanOrEqual(before);
    expect(Number(used) + Number(lost)).toBeGreaterThanOrEqual(before);

    const input = inputOf(key, { cap: String(cap), attempts: cap + 500, now: AFTER_TTL, lanes: 8 });
    const end = await spawnSource(TAKER, input).ended;
    const after = Number(end.output);
    expect(after).toBe(cap - Number(used) - Number(lost));
    expect(before + after).toBeLessThanOrEqual(cap);
  });
});
