import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LicenseClaims, LicensedLimit } from '@biplane/licensing';
import { openDatabase, RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, waitFor, type TestPostgres } from '@biplane/testing';
import fc from 'fast-check';
import { Decider, type CheckedDecision, type CheckQuestion, type DeciderOptions, type LimitPassed } from './index.js';
import { licenseWith, limitOf, NOW, windowSource } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
const clock = new FakeClock(NOW);
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const deciderOf = (changes: Partial<DeciderOptions> = {}): Decider =>
  new Decider({
    plane: 'data',
    unitOfWork,
    clock,
    ids: new RandomIds(clock),
    usageSource: windowSource,
    // The machine is shared, and these answers are not about time.
    answerMs: 20_000,
    onError: (error) => {
      throw error;
    },
    ...changes,
  });
const ask = (license: LicenseClaims, changes: Partial<CheckQuestion> = {}): CheckQuestion => ({
  license,
  deploymentId: license.deployment.id,
  action: 'calls:make',
  meter: 'api_calls',
  principal: 'client',
  ...changes,
});
const licensed = (...limits: Partial<LicensedLimit>[]): LicenseClaims => licenseWith(limits.map(limitOf));
const use = async (decider: Decider, license: LicenseClaims, quantity: string): Promise<void> => {
  const [key] = decider.keysOf(license, 'api_calls', clock.now());
  await unitOfWork.run(async (tx) => {
    await decider.counters.ensure(tx, [key!]);
    await decider.counters.add(tx, [{ key: key!, quantity, at: clock.now() }]);
  });
};
const rows = (license: LicenseClaims, outcome: string) =>
  database.query<{ code: string; answer: string }>(
    'SELECT code, answer FROM decision WHERE deployment_id = $1 AND outcome = $2',
    [license.deployment.id, outcome],
  );
const short = ({ outcome, code }: CheckedDecision): string => `${outcome} ${code}`;

describe('Decider.check', () => {
  it.each([
    ['hard_block', 'deny LIMIT.REACHED'],
    ['soft_warning', 'warn LIMIT.EXCEEDED'],
    ['overage_charge', 'overage LIMIT.OVERAGE'],
    ['allow', 'allow null'],
    ['throttle', 'warn LIMIT.THROTTLED'],
    ['queue', 'delay LIMIT.QUEUED'],
  ] as const)('beyond the cap %s answers %s', async (strategy, expected) => {
    const decider = deciderOf();
    const license = licensed({ strategy, cap: '10', rate: { perSecond: '1', burst: 1 } });
    await use(decider, license, '10');
    const decision = await decider.check(ask(license));
    expect(short(decision)).toBe(expected);
    expect(decision.ticketId !== undefined).toBe(strategy === 'queue');
  });

  it('a rate is passed no faster than it allows, and says when to come again', async () => {
    const decider = deciderOf();
    const license = licensed({ strategy: 'throttle', cap: '0', rate: { perSecond: '0.5', burst: 1 } });
    expect(short(await decider.check(ask(license)))).toBe('warn LIMIT.THROTTLED');
    const retryAt = new Date(clock.now().getTime() + 2_000).toISOString();
    expect(await decider.check(ask(license))).toMatchObject({ outcome: 'delay', code: 'LIMIT.THROTTLED', retryAt });
  });

  it('an unknown module, no license and a license of another deployment deny', async () => {
    const decider = deciderOf();
    const license = licensed({});
    expect(short(await decider.check(ask(license, { action: 'other:use' })))).toBe('deny LICENSE.MODULE_NOT_LICENSED');
    expect(short(await decider.check(ask(license, { license: null })))).toBe('deny LICENSE.UNAVAILABLE');
    const foreign = ask(license, { deploymentId: licensed({}).deployment.id });
    expect(short(await decider.check(foreign))).toBe('deny LICENSE.UNAVAILABLE');
  });

  it('each denial is recorded, and what is allowed is counted', async () => {
    const decider = deciderOf();
    const license = licensed({ cap: '1' });
    const allowed = await decider.check(ask(license));
    const denied = await decider.check(ask(license, { quantity: '2' }));
    await decider.flush();
    expect((await rows(license, 'deny')).map(({ code, answer }) => [code, JSON.parse(answer)])).toEqual([
      ['LIMIT.REACHED', denied],
    ]);
    expect(await rows(license, 'allow')).toEqual([]);
    expect(allowed.isAllowed).toBe(true);
    const counted = await database.query(
      'SELECT allowed::int AS allowed FROM decision_count WHERE deployment_id = $1',
      [license.deployment.id],
    );
    expect(counted).toEqual([{ allowed: 1 }]);
  });

  it('a threshold is told once a window, whoever asks and however often', async () => {
    const told: LimitPassed[] = [];
    const decider = deciderOf({ onPassed: async (_, passed) => void told.push(passed) });
    const license = licensed({ cap: '10', strategy: 'soft_warning' });
    await use(decider, license, '9');
    await Promise.all(Array.from({ length: 5 }, () => decider.check(ask(license))));
    await use(decider, license, '5');
    await decider.check(ask(license));
    expect(told.map(({ share, used }) => `${share} at ${used}`)).toEqual(['0.8 at 9', '1 at 14']);
    expect(await rows(license, 'warn')).toHaveLength(2);
  });

  it('each module that limits a meter is told of its own thresholds', async () => {
    const told: string[] = [];
    const decider = deciderOf({
      onPassed: async (_, { module, share, used }) => void told.push(`${module} ${share} at ${used}`),
    });
    const one = licensed({ cap: '10', strategy: 'soft_warning', warnAt: ['0.8'] });
    const other = { features: ['make'], limits: [limitOf({ cap: '100', strategy: 'soft_warning', warnAt: ['0.8'] })] };
    const license = { ...one, modules: { ...one.modules, other } };
    await use(decider, license, '9');
    await decider.check(ask(license));
    await use(decider, license, '80');
    await decider.check(ask(license, { action: 'other:make' }));
    expect(told).toEqual(['calls 0.8 at 9', 'calls 1 at 89', 'other 0.8 at 89']);
  });

  it('what is reserved counts at once for everybody, and never passes the cap', async () => {
    const license = licensed({ cap: '20' });
    const deciders = [deciderOf(), deciderOf()];
    const decisions = await Promise.all(
      Array.from({ length: 16 }, (_, n) => deciders[n % 2]!.check(ask(license, { quantity: '3', reserve: true }))),
    );
    const admitted = decisions.filter(({ isAllowed }) => isAllowed);
    expect(admitted).toHaveLength(6);
    expect(
      admitted.every(({ reservationId, expiresAt }) => reservationId !== undefined && expiresAt !== undefined),
    ).toBe(true);
    expect(await deciders[0]!.check(ask(license, { quantity: '3' }))).toMatchObject({ used: '18', isAllowed: false });
  });

  it('an action without a limit can be reserved too, and nothing cannot', async () => {
    const decider = deciderOf();
    const license = licensed({ meter: 'other' });
    const metered = { ...license.meters, api_calls: { authority: 'data', aggregation: 'sum' } as const };
    expect((await decider.check(ask({ ...license, meters: metered }, { reserve: true }))).reservationId).toBeDefined();
    const unknown = decider.check(ask(license, { reserve: true }));
    await expect(unknown).rejects.toMatchObject({ failure: { status: 422, code: 'METER.UNKNOWN' } });
    const nothing = decider.check(ask(license, { reserve: true, quantity: '0' }));
    await expect(nothing).rejects.toMatchObject({ failure: { code: 'REQUEST.INVALID' } });
  });

  it('a meter that the other plane counts: its last known total, said to be stale; reservations are refused', async () => {
    const license = licensed({ authority: 'control', cap: '5' });
    const unknowing = deciderOf();
    expect(short(await unknowing.check(ask(license)))).toBe('deny LIMIT.UNAVAILABLE');
    const asOf = new Date('2026-04-10T11:00:00Z');
    const decider = deciderOf({ otherPlane: async () => ({ used: '4', asOf }) });
    expect(await decider.check(ask(license))).toMatchObject({ isAllowed: true, stale: true, asOf: asOf.toISOString() });
    const reserving = decider.check(ask(license, { reserve: true }));
    await expect(reserving).rejects.toMatchObject({ failure: { status: 422, code: 'METER.WRONG_PLANE' } });
  });

  it('who comes while others wait is queued behind them, even if there is room', async () => {
    const decider = deciderOf();
    const license = licensed({ strategy: 'queue', cap: '10' });
    await use(decider, license, '8');
    const big = await decider.check(ask(license, { quantity: '5' }));
    const small = await decider.check(ask(license, { quantity: '1' }));
    expect([short(big), short(small)]).toEqual(['delay LIMIT.QUEUED', 'delay LIMIT.QUEUED']);
    expect(small.retryAt).toBe('2026-05-01T00:00:00.000Z');
    expect((await decider.tickets.get(unitOfWork.reader, small.ticketId!))?.ahead).toBe(1);
    expect(short(await decider.check(ask(license, { quantity: '11' })))).toBe('deny LIMIT.TOO_LARGE');
  });
});

describe('Decider.ticketLimits', () => {
  it('a ticket waits for what its license says now: nothing while it is not in force, a refusal once the action is gone', () => {
    const decider = deciderOf();
    const license = licensed({ strategy: 'queue', cap: '10' });
    const ticket = { deploymentId: license.deployment.id, action: 'calls:make', meter: 'api_calls' };
    const limits = (of: LicenseClaims | null, action = ticket.action) =>
      decider.ticketLimits(of, { ...ticket, action }, clock.now());
    expect(limits(license)).toMatchObject({ aggregation: 'sum', holds: [{ cap: '10' }] });
    expect(limits(license, 'gone:make')).toBe('not_licensed');
    expect([limits(null), limits({ ...license, status: 'suspended' })]).toEqual([null, null]);
    const other = { features: ['make'], limits: [] };
    // Another module's limit counts it all the same.
    const holds = [{ key: decider.keysOf(license, 'api_calls', clock.now())[0], cap: null }];
    expect(limits({ ...license, modules: { ...license.modules, other } }, 'other:make')).toMatchObject({ holds });
  });
});

describe('a check under an idempotency key', () => {
  it('asked again is the same decision byte for byte, and does nothing again', async () => {
    const decider = deciderOf();
    const license = licensed({ cap: '10' });
    const question = ask(license, { quantity: '7', reserve: true, idempotencyKey: 'one' });
    const first = await decider.check(question);
    const again = await deciderOf().check({ ...question, license: licensed({}) });
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expect(await decider.check(ask(license, { quantity: '4' }))).toMatchObject({ used: '7', isAllowed: false });
    expect((await decider.check({ ...question, principal: 'other' })).isAllowed).toBe(false);
  });

  it('C4: the same key with another question is refused and does nothing', async () => {
    const decider = deciderOf();
    const license = licensed({ cap: '1000' });
    const question = ask(license, { quantity: '1', reserve: true, idempotencyKey: 'two' });
    await decider.check(question);
    const change: fc.Arbitrary<Partial<CheckQuestion>> = fc.oneof(
      fc.record({ quantity: fc.integer({ min: 2, max: 99 }).map(String) }),
      fc.record({ reserve: fc.constant(false) }),
      fc.record({ action: fc.constantFrom('calls:other', 'calls', 'x:make') }),
      fc.record({ meter: fc.constant('records') }),
      fc.record({ deploymentId: fc.uuid() }),
    );
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        const reused = decider.check({ ...question, ...changed });
        await expect(reused).rejects.toMatchObject({ failure: { status: 422, code: 'IDEMPOTENCY.KEY_REUSED' } });
      }),
      { numRuns: 20 },
    );
    expect((await decider.check(ask(license))).used).toBe('1');
  });

  it('C5: of 50 at once one decides; the others get its decision or are told to wait', async () => {
    const deciders = [deciderOf(), deciderOf()];
    const license = licensed({ cap: '10' });
    const question = ask(license, { quantity: '2', reserve: true, idempotencyKey: 'three' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        deciders[n % 2]!.check(question).then(
          (decision) => JSON.stringify(decision),
          (error: { failure?: { code: string; retryAfterSeconds?: number } }) => `${error.failure?.code}`,
        ),
      ),
    );
    const decisions = new Set(answers.filter((each) => each.startsWith('{')));
    expect(decisions.size).toBe(1);
    expect(answers.filter((each) => !each.startsWith('{') && each !== 'IDEMPOTENCY.IN_FLIGHT')).toEqual([]);
    expect((await deciders[0]!.check(ask(license))).used).toBe('2');
  });
});

describe('when no answer can be had', () => {
  const away = (): UnitOfWork => {
    const url = new URL(database.url);
    url.port = '1';
    return openDatabase({ url: url.href, clientFactory: () => ({ ...deadClient }) });
  };
  const deadClient = {
    $queryRawUnsafe: () => Promise.reject(new Error('away')),
    $executeRawUnsafe: () => Promise.reject(new Error('away')),
    $transaction: () => Promise.reject(new Error('away')),
    $disconnect: () => Promise.resolve(),
  };

  it.each([
    ['hard_block', 'deny LIMIT.UNAVAILABLE'],
    ['throttle', 'delay LIMIT.UNAVAILABLE'],
    ['queue', 'delay LIMIT.UNAVAILABLE'],
    ['soft_warning', 'allow null'],
    ['overage_charge', 'allow null'],
    ['allow', 'allow null'],
  ] as const)('%s answers %s', async (strategy, expected) => {
    const decider = deciderOf({ unitOfWork: away(), onError: () => undefined });
    const license = licensed({ strategy, rate: { perSecond: '1', burst: 1 } });
    expect(short(await decider.check(ask(license)))).toBe(expected);
    expect(short((await decider.admit(ask(license))) as CheckedDecision)).toBe(expected);
  });

  it('the code of such a denial is the one that the plane asked for, and nothing is said to be reserved', async () => {
    const code = 'ENTITLEMENT.UNAVAILABLE';
    const decider = deciderOf({ unitOfWork: away(), onError: () => undefined, unavailableCode: code });
    expect(short(await decider.check(ask(licensed({}))))).toBe(`deny ${code}`);
    const soft = licensed({ strategy: 'soft_warning' });
    expect(short(await decider.check(ask(soft, { reserve: true })))).toBe(`deny ${code}`);
  });

  it.each(['before', 'after'] as const)(
    'an answer that comes too late leaves nothing: what it reserved is free again (too late %s its commit)',
    async (when) => {
      const license = licensed({ cap: '10' });
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const runs: Promise<unknown>[] = [];
      const tracked = {
        reader: unitOfWork.reader,
        async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
          const running = unitOfWork.run(work);
          runs.push(running);
          const result = await running;
          if (when === 'after') await held;
          return result;
        },
      } as UnitOfWork;
      const slow = deciderOf({
        answerMs: 250,
        unitOfWork: tracked,
        onError: () => undefined,
        usageSource: {
          async used(...question) {
            if (when === 'before') await held;
            return windowSource.used(...question);
          },
        },
      });
      const decision = await slow.check(ask(license, { quantity: '7', reserve: true }));
      expect(short(decision)).toBe('deny LIMIT.UNAVAILABLE');
      release();
      await waitFor('the late work to end', () => runs.length === (when === 'after' ? 2 : 1));
      await Promise.allSettled(runs);
      expect((await deciderOf().check(ask(license))).used).toBe('0');
      const states = await database.query('SELECT state FROM limit_reservation WHERE deployment_id = $1', [
        license.deployment.id,
      ]);
      expect(states).toEqual(when === 'after' ? [{ state: 'released' }] : []);
    },
  );

  it('nor does one that comes too late because a threshold was told meanwhile', async () => {
    let release: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (release = resolve));
    const slow = deciderOf({ answerMs: 250, onPassed: () => told });
    const license = licensed({ cap: '10' });
    await use(slow, license, '8');
    const decision = await slow.check(ask(license, { reserve: true }));
    expect(short(decision)).toBe('deny LIMIT.UNAVAILABLE');
    release();
    const held = (): Promise<{ state: string }[]> =>
      database.query('SELECT state FROM limit_reservation WHERE deployment_id = $1', [license.deployment.id]);
    await waitFor('what it holds to be free', async () => (await held()).every(({ state }) => state === 'released'));
    expect(await held()).toEqual([{ state: 'released' }]);
  });
});
