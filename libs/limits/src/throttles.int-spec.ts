import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gcra, type GcraState, type LicensedRate } from '@biplane/licensing';
import type { UnitOfWork } from '@biplane/service-kit';
import { seededRandom, seedOfRun, sizeOfRun, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { Throttles } from './index.js';
import { monthKey, NOW } from './spec-support/rig.js';

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

const throttles = new Throttles();

describe('Throttles', () => {
  it('answers as the pure rule does, whatever is asked and whenever', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const rates: LicensedRate[] = [
      { perSecond: '3', burst: 5 },
      { perSecond: '0.000000000001', burst: 1 },
      { perSecond: '333.333333333333', burst: 10 },
    ];
    for (const rate of rates) {
      const key = monthKey();
      let state: GcraState | null = null;
      let at = Date.parse(NOW);
      for (let step = 0; step < sizeOfRun({ soak: 2_000, ci: 60 }); step += 1) {
        at += Math.floor(random() * 700) - 100;
        const quantity = ['1', '0.5', '2.25', '7', '0'][Math.floor(random() * 5)]!;
        const expected = gcra(state, rate, quantity, new Date(at));
        const answer = await throttles.admit(unitOfWork.reader, key, rate, quantity, new Date(at));
        const { state: next, ...said } = expected;
        // A bucket that nobody put anything into yet is not stored.
        if (state !== null || expected.admitted) expect([seed, step, rate, answer]).toEqual([seed, step, rate, said]);
        if (expected.admitted) state = next;
      }
    }
  });

  it('requests that come at once pass no faster than the burst', async () => {
    const key = monthKey();
    const rate = { perSecond: '1', burst: 7 };
    const at = new Date(NOW);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => throttles.admit(unitOfWork.reader, key, rate, '1', at)),
    );
    expect(answers.filter(({ admitted }) => admitted)).toHaveLength(7);
  });
});
