import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LicenseClaims } from '@biplane/licensing';
import { RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, waitFor, type TestPostgres } from '@biplane/testing';
import { Decider, type CheckedDecision, type CheckQuestion } from './index.js';
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

type Run = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
const plain: Run = (work) => unitOfWork.run(work);
const deciderOf = (run: Run = plain, answerMs = 20_000): Decider =>
  new Decider({
    plane: 'data',
    unitOfWork: { reader: unitOfWork.reader, run } as UnitOfWork,
    clock,
    ids: new RandomIds(clock),
    usageSource: windowSource,
    answerMs,
    onError: () => undefined,
  });
const licensed = (): LicenseClaims => licenseWith([limitOf({ cap: '10', warnAt: [] })]);
const ask = (license: LicenseClaims, changes: Partial<CheckQuestion> = {}): CheckQuestion => ({
  license,
  deploymentId: license.deployment.id,
  action: 'calls:make',
  meter: 'api_calls',
  principal: 'client',
  ...changes,
});
const keyed = (license: LicenseClaims): CheckQuestion =>
  ask(license, { quantity: '7', reserve: true, idempotencyKey: license.deployment.id });
const bytes = async (decision: CheckedDecision | Promise<CheckedDecision>): Promise<string> =>
  JSON.stringify(await decision);
/** What nobody may hold after a denial. */
const used = async (license: LicenseClaims): Promise<string | null> => (await deciderOf().check(ask(license))).used;
/** Something that is waited for until the test lets go. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe('an answer under a key that comes too late', () => {
  it.each(['before', 'after'] as const)(
    'is what was told instead, for whoever repeats the key, and holds nothing (too late %s its commit)',
    async (when) => {
      const license = licensed();
      const late = gate();
      const slow = deciderOf(async (work) => {
        if (when === 'before') await late.passed;
        const result = await unitOfWork.run(work);
        if (when === 'after') await late.passed;
        return result;
      }, 100);
      const told = await slow.check(keyed(license));
      expect(told).toMatchObject({ outcome: 'deny', code: 'LIMIT.UNAVAILABLE' });
      expect(await bytes(slow.check(keyed(license)))).toBe(await bytes(told));
      late.open();
      const stored = `SELECT answer FROM decision WHERE idempotency_key = $1`;
      await waitFor('what was told to be stored', async () => {
        await slow.flushLog();
        const [row] = await database.query<{ answer: string }>(stored, [license.deployment.id]);
        return row?.answer === JSON.stringify(told);
      });
      expect(await bytes(deciderOf().check(keyed(license)))).toBe(await bytes(told));
      expect(await used(license)).toBe('0');
    },
  );

  it('is waited for once it is being committed', async () => {
    const license = licensed();
    // Connected, so that only the commit takes long.
    expect(await used(license)).toBe('0');
    const askedAtMs = performance.now();
    const slow = deciderOf(async (work) => {
      const result = await unitOfWork.run(work);
      await waitFor('the time for an answer to be over', () => performance.now() - askedAtMs > 950);
      return result;
    }, 900);
    const told = await slow.check(keyed(license));
    expect(told).toMatchObject({ outcome: 'allow' });
    expect(await bytes(deciderOf().check(keyed(license)))).toBe(await bytes(told));
    expect(await used(license)).toBe('7');
  });

  it('what was told while the database was away is stored when it is back; another question of the key is refused', async () => {
    const license = licensed();
    let isAway = true;
    const decider = deciderOf((work) => (isAway ? Promise.reject(new Error('away')) : unitOfWork.run(work)));
    const told = await decider.check(keyed(license));
    expect(told.code).toBe('LIMIT.UNAVAILABLE');
    await expect(decider.check({ ...keyed(license), quantity: '8' })).rejects.toMatchObject({
      failure: { code: 'IDEMPOTENCY.KEY_REUSED' },
    });
    isAway = false;
    await decider.flushLog();
    expect(await bytes(deciderOf().check(keyed(license)))).toBe(await bytes(told));
  });

  it('what another process has answered meanwhile stands', async () => {
    const license = licensed();
    const late = gate();
    const slow = deciderOf(async (work) => {
      await late.passed;
      return unitOfWork.run(work);
    }, 100);
    expect((await slow.check(keyed(license))).isAllowed).toBe(false);
    const other = await deciderOf().check(keyed(license));
    expect(other.isAllowed).toBe(true);
    late.open();
    await waitFor('what waits to be given up', async () => {
      await slow.flushLog();
      return (await bytes(slow.check(keyed(license)))) === (await bytes(other));
    });
    expect(await bytes(slow.check(keyed(license)))).toBe(await bytes(other));
    expect(await used(license)).toBe('7');
  });
});

describe('what is told of an answer', () => {
  it('is told once: a repeat under the key says that it is one', async () => {
    const license = licensed();
    const repeats: string[] = [];
    const question = (name: string): CheckQuestion => ({
      ...keyed(license),
      repeated: () => void repeats.push(name),
    });
    await deciderOf().check(question('first'));
    await deciderOf().check(question('second'));
    expect(repeats).toEqual(['second']);
  });

  it('an admission is counted once, however often its transaction was run', async () => {
    const license = licensed();
    const twice = deciderOf(async (work) => {
      const rolledBack = new Error('chosen as the victim of a deadlock');
      await unitOfWork
        .run(async (tx) => {
          await work(tx);
          throw rolledBack;
        })
        .catch((error: unknown) => expect(error).toBe(rolledBack));
      return unitOfWork.run(work);
    });
    expect((await twice.check(keyed(license))).isAllowed).toBe(true);
    await deciderOf().check(keyed(license));
    await twice.flushLog();
    await waitFor('the count', async () => {
      const sql = 'SELECT allowed::int AS allowed FROM decision_count WHERE deployment_id = $1';
      const rows = await database.query<{ allowed: number }>(sql, [license.deployment.id]);
      return rows.length === 1 && rows[0]?.allowed === 1;
    });
  });
});
