import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import { sizeOfRun, spawnSource, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { addMember, members, meterOf, type MemberInput } from './spec-support/member.child.js';

const CHILD = new URL('./spec-support/member.child.ts', import.meta.url);
const LIMIT = 100;

let database: TestPostgres;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await testPostgres('tenant');
  unitOfWork = await testUnitOfWork('tenant', database.url);
});
beforeEach(async () => {
  await database.query('DELETE FROM member');
  await database.query('TRUNCATE level_limit');
});
afterAll(async () => {
  await unitOfWork.close();
  await database.drop();
});

const memberRows = async (): Promise<number> =>
  (await database.query<{ rows: number }>('SELECT count(*)::int AS rows FROM member'))[0]!.rows;
const inputOf = (changes: Partial<MemberInput>): MemberInput => ({
  url: database.url,
  cap: String(LIMIT),
  attempts: LIMIT,
  lanes: 1,
  rounds: 1,
  ...changes,
});

describe('a level limit in the transaction of its record', () => {
  it('C1: two replicas that race for the last unit of a hard limit: exactly as many records as the limit', async () => {
    const rounds = sizeOfRun({ soak: 200, ci: 4 });
    const lanes = sizeOfRun({ soak: 32, ci: 16 });
    const input = inputOf({ lanes, rounds });
    const ends = await Promise.all([spawnSource(CHILD, input).ended, spawnSource(CHILD, input).ended]);
    const added = ends.map(({ output }) => Number(output));
    expect(added[0]! + added[1]!).toBe(LIMIT * rounds);
    expect(await memberRows()).toBe(LIMIT * rounds);
    for (let round = 0; round < rounds; round += 1) {
      expect(await members.read(unitOfWork.reader, meterOf(round))).toBe(String(LIMIT));
    }
  });

  it('C2: a process that is killed between the count and the record leaves neither', async () => {
    const env = { FAULT_POINTS: 'limits.after_take_before_record:3', NODE_ENV: 'test' };
    const end = await spawnSource(CHILD, inputOf({ attempts: 10 }), env).ended;
    expect(end.signal).toBe('SIGKILL');
    expect(await memberRows()).toBe(2);
    expect(await members.read(unitOfWork.reader, 'members')).toBe('2');
  });

  it('counts the rows that were there before the first limit', async () => {
    for (let n = 0; n < 3; n += 1) {
      await database.query(`INSERT INTO member VALUES ($1, 'member', 'active', '2026-04-10T12:00:00Z')`, [
        randomUUID(),
      ]);
    }
    const added = await Promise.all(
      Array.from({ length: 5 }, () => unitOfWork.run((tx) => addMember(tx, members, '5'))),
    );
    expect(added.filter(Boolean)).toHaveLength(2);
    expect(await memberRows()).toBe(5);
  });

  it('of the first that come none is refused while there is room', async () => {
    for (let round = 0; round < 10; round += 1) {
      await database.query('TRUNCATE level_limit');
      const take = () => unitOfWork.run((tx) => members.take(tx, { meter: 'members', quantity: '1', cap: '5' }));
      const taken = await Promise.all(Array.from({ length: 5 }, take));
      expect(taken.filter(({ admitted }) => admitted)).toHaveLength(5);
    }
  });

  it('a cap below what is in use denies, and says how much that is; without a cap nothing is denied', async () => {
    await unitOfWork.run((tx) => members.set(tx, 'members', '9'));
    const take = (cap: string | null) =>
      unitOfWork.run((tx) => members.take(tx, { meter: 'members', quantity: '1', cap }));
    expect(await take('5')).toEqual({ admitted: false, used: '9' });
    expect(await take(null)).toEqual({ admitted: true, used: '10' });
  });

  it('what is released can be taken again, and a level never falls below nothing', async () => {
    await unitOfWork.run((tx) => members.set(tx, 'members', '5'));
    await unitOfWork.run((tx) => members.release(tx, 'members', '1'));
    expect(await members.read(unitOfWork.reader, 'members')).toBe('4');
    await unitOfWork.run((tx) => members.release(tx, 'members', '10'));
    expect(await members.read(unitOfWork.reader, 'members')).toBe('0');
  });

  it('what is taken in a transaction that fails is not taken', async () => {
    await unitOfWork.run((tx) => members.set(tx, 'members', '1'));
    const failing = unitOfWork.run(async (tx) => {
      await addMember(tx, members, '5');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await members.read(unitOfWork.reader, 'members')).toBe('1');
    expect(await memberRows()).toBe(0);
  });
});
