import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LicenseTable, type LicenseClaims, type LicensedLimit } from '@biplane/licensing';
import { RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { Decider, type AdmitQuestion, type DeciderOptions } from './index.js';
import { licenseWith, limitOf, NOW, windowSource } from './spec-support/rig.js';

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

const clock = new FakeClock(NOW);
const deciderOf = (changes: Partial<DeciderOptions> = {}): Decider =>
  new Decider({
    plane: 'data',
    unitOfWork,
    clock,
    ids: new RandomIds(clock),
    usageSource: windowSource,
    answerMs: 20_000,
    onError: (error) => {
      throw error;
    },
    ...changes,
  });
const licensed = (...limits: Partial<LicensedLimit>[]): LicenseClaims => licenseWith(limits.map(limitOf));
const ask = (license: LicenseClaims, changes: Partial<AdmitQuestion> = {}): AdmitQuestion => ({
  license,
  deploymentId: license.deployment.id,
  action: 'calls:make',
  meter: 'api_calls',
  principal: 'client',
  ...changes,
});
const admitMany = async (decider: Decider, license: LicenseClaims, times: number): Promise<Record<string, number>> => {
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < times; n += 1) {
    const { outcome, code } = await decider.admit(ask(license));
    outcomes[`${outcome} ${code}`] = (outcomes[`${outcome} ${code}`] ?? 0) + 1;
  }
  return outcomes;
};
const countsOf = async (decider: Decider, license: LicenseClaims): Promise<string[]> => {
  const states = await decider.counters.read(unitOfWork.reader, decider.keysOf(license, 'api_calls', clock.now()));
  return states.map(({ key, used, held }) => `${key.window ?? 'level'}: ${used} used, ${held} held`);
};

describe('Decider.admit', () => {
  it('two replicas admit exactly the cap of a hard limit, and warn before it', async () => {
    const license = licensed({ cap: '20', warnAt: ['0.9'] });
    const [one, two] = [deciderOf(), deciderOf()];
    const outcomes = await Promise.all([admitMany(one, license, 30), admitMany(two, license, 30)]);
    const admitted = outcomes.map((each) => (each['allow null'] ?? 0) + (each['warn LIMIT.NEAR'] ?? 0));
    expect(admitted[0]! + admitted[1]!).toBe(20);
    expect(outcomes.map((each) => each['deny LIMIT.REACHED'] ?? 0)).toEqual(admitted.map((each) => 30 - each));
    await one.flush();
    await two.flush();
    expect(await countsOf(one, license)).toEqual(['month: 20 used, 0 held']);
    const denials = await database.query('SELECT 1 FROM decision WHERE deployment_id = $1', [license.deployment.id]);
    expect(denials).toHaveLength(40);
  });

  it('two modules with different caps on one meter share its count, and neither takes the slices of the other', async () => {
    const one = licensed({ cap: '1000' });
    const other = { features: ['make'], limits: [limitOf({ cap: '2000' })] };
    const license = { ...one, modules: { ...one.modules, other } };
    const decider = deciderOf();
    for (let n = 0; n < 40; n += 1) {
      await decider.admit(ask(license));
      await decider.admit(ask(license, { action: 'other:make' }));
    }
    const slices = await database.query('SELECT 1 FROM limit_slice WHERE deployment_id = $1', [license.deployment.id]);
    expect(slices.length).toBeLessThan(12);
    await decider.flush();
    expect(
      (await decider.counters.read(unitOfWork.reader, decider.keysOf(license, 'api_calls', clock.now())))[0]!.used,
    ).toBe('80');
  });

  it('what is known is answered without a promise, and is counted in the same turn', async () => {
    const license = licensed({ cap: '1000' });
    const decider = deciderOf();
    const told: Date[] = [];
    expect(decider.admitNow(ask(license))).toBeUndefined();
    await decider.admit(ask(license));
    const decision = decider.admitNow(ask(license, { counted: (at) => told.push(at) }));
    expect(decision).toMatchObject({ outcome: 'allow', limit: '1000' });
    expect(told).toEqual([clock.now()]);
  });

  it('a limit a day and one a month: what one of them refuses is not taken from the other', async () => {
    const license = licensed({ cap: '10', window: 'month' }, { cap: '3', window: 'day' });
    const decider = deciderOf();
    expect(await admitMany(decider, license, 6)).toMatchObject({ 'deny LIMIT.REACHED': 3 });
    decider.slices.retire();
    await decider.flush();
    expect((await countsOf(decider, license)).sort()).toEqual(['day: 3 used, 0 held', 'month: 3 used, 0 held']);
  });

  it('a level that is counted use by use admits exactly the cap', async () => {
    const license = licensed({ cap: '5', window: null });
    const [one, two] = [deciderOf(), deciderOf()];
    const outcomes = await Promise.all([admitMany(one, license, 5), admitMany(two, license, 5)]);
    expect(outcomes.reduce((sum, each) => sum + (each['deny LIMIT.REACHED'] ?? 0), 0)).toBe(5);
    expect(await countsOf(one, license)).toEqual(['level: 5 used, 0 held']);
  });

  it('a recount between an admission and its storing takes nothing back, and sets right what was never stored', async () => {
    const decider = deciderOf();
    const license = licensed({ window: null, cap: '3', warnAt: [] });
    const [key] = decider.keysOf(license, 'api_calls', clock.now());
    const recount = () => unitOfWork.run((tx) => decider.counters.recount(tx, key!, clock.now()));
    expect(await admitMany(decider, license, 3)).toEqual({ 'allow null': 3 });
    expect(await recount()).toBeNull();
    expect(await admitMany(decider, license, 2)).toEqual({ 'deny LIMIT.REACHED': 2 });
    // Its process was killed with what it had not stored yet.
    clock.advance(60_000);
    expect(await recount()).toMatchObject({ used: '-3' });
    expect(await admitMany(decider, license, 1)).toEqual({ 'allow null': 1 });
  });

  it('whoever keeps the limits ready answers the same, byte for byte, and is asked whenever one count decides', async () => {
    const license = licensed({ strategy: 'soft_warning', cap: '6', warnAt: ['0.5'] });
    const table = new LicenseTable();
    table.put(license);
    let ready = 0;
    const quick = deciderOf({
      withinLimit: (question, reading) => {
        const within = table.decideCounted(question, reading, clock.now().getTime());
        if (within !== undefined) ready += 1;
        return within;
      },
    });
    const exact = deciderOf();
    const other = { ...license, deployment: { ...license.deployment, id: randomUUID() } };
    for (let n = 0; n < 8; n += 1) {
      const [one, two] = [await quick.admit(ask(license)), await exact.admit(ask(other))];
      expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    }
    expect(ready).toBe(2);
  });

  it('soft limits are counted in memory, told beyond the cap, and stored once with the flush', async () => {
    const license = licensed({ cap: '3', strategy: 'overage_charge', warnAt: [] });
    const decider = deciderOf();
    await unitOfWork.run((tx) => decider.counters.ensure(tx, decider.keysOf(license, 'api_calls', clock.now())));
    expect(await admitMany(decider, license, 5)).toEqual({ 'allow null': 3, 'overage LIMIT.OVERAGE': 2 });
    const drained = decider.drain();
    const failing = unitOfWork.run(async (tx) => {
      await decider.settle(tx, drained);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(decider.drain()).toBe(drained);
    for (let times = 0; times < 2; times += 1) await unitOfWork.run((tx) => decider.settle(tx, drained));
    expect(await countsOf(decider, license)).toEqual(['month: 5 used, 0 held']);
    expect(await admitMany(decider, license, 1)).toEqual({ 'overage LIMIT.OVERAGE': 1 });
  });

  it('beyond the cap of a throttle requests pass as its rate allows', async () => {
    const license = licensed({ cap: '2', strategy: 'throttle', rate: { perSecond: '1', burst: 1 }, warnAt: [] });
    const decider = deciderOf();
    expect(await admitMany(decider, license, 5)).toEqual({
      'allow null': 2,
      'warn LIMIT.THROTTLED': 1,
      'delay LIMIT.THROTTLED': 2,
    });
    clock.advance(1_000);
    expect(await admitMany(decider, license, 1)).toEqual({ 'warn LIMIT.THROTTLED': 1 });
  });

  it('C13: soft to hard within the period: from the new license on, and what was used before counts', async () => {
    const soft = licensed({ cap: '3', strategy: 'soft_warning', warnAt: [] });
    const hard: LicenseClaims = {
      ...soft,
      version: 2,
      modules: { calls: { features: ['make'], limits: [limitOf({ cap: '3', strategy: 'hard_block' })] } },
    };
    const decider = deciderOf();
    await unitOfWork.run((tx) => decider.counters.ensure(tx, decider.keysOf(soft, 'api_calls', clock.now())));
    expect(await admitMany(decider, soft, 5)).toEqual({ 'allow null': 3, 'warn LIMIT.EXCEEDED': 2 });
    await decider.flush();
    expect(await admitMany(decider, hard, 2)).toEqual({ 'deny LIMIT.REACHED': 2 });
    expect(await countsOf(decider, hard)).toEqual(['month: 5 used, 0 held']);
  });

  it('a refusal takes nothing: not by another limit, not by the license', async () => {
    const license = licensed({ cap: '10', window: 'month' }, { cap: '0', window: 'day', strategy: 'queue' });
    const decider = deciderOf();
    expect(await admitMany(decider, license, 2)).toEqual({ 'delay LIMIT.QUEUED': 2 });
    const revoked: LicenseClaims = { ...license, status: 'revoked' };
    expect(await admitMany(decider, revoked, 1)).toEqual({ 'deny LICENSE.REVOKED': 1 });
    decider.slices.retire();
    await decider.flush();
    expect((await countsOf(decider, license)).sort()).toEqual(['day: 0 used, 0 held', 'month: 0 used, 0 held']);
  });

  it('while tickets wait for the meter nobody takes what becomes free', async () => {
    const license = licensed({ cap: '10', strategy: 'queue' });
    const decider = deciderOf();
    expect((await decider.check({ ...ask(license), quantity: '11' })).code).toBe('LIMIT.TOO_LARGE');
    const [key] = decider.keysOf(license, 'api_calls', clock.now());
    await unitOfWork.run((tx) => decider.counters.take(tx, key!, '10', '9'));
    expect((await decider.check({ ...ask(license), quantity: '5' })).ticketId).toBeDefined();
    expect((await decider.admit(ask(license))).code).toBe('LIMIT.QUEUED');
  });
});
