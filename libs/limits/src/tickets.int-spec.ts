import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  seededRandom,
  seedOfRun,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { LimitCounters, Reservations, Tickets, type CapOf, type LimitKey, type Ticket } from './index.js';
import { ids, monthKey, NOW, windowSource } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  tickets = new Tickets({ unitOfWork, reservations, ids });
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const counters = new LimitCounters(windowSource);
const reservations = new Reservations(counters);
let tickets: Tickets;
const now = new Date(NOW);

const enqueue = (key: LimitKey, quantity: string, cap = '10') =>
  unitOfWork.run(async (tx) => {
    const { deploymentId, meter } = key;
    const request = { id: ids.uuid(), deploymentId, meter, action: 'calls:make', quantity, holds: [{ key, cap }] };
    return tickets.enqueue(tx, request, now);
  });
const waiting = async (key: LimitKey, quantity: string, cap?: string): Promise<Ticket> => {
  const ticket = await enqueue(key, quantity, cap);
  if (!ticket.ok) throw new Error(ticket.error.code);
  return ticket.value;
};
/** Of the deployment alone: the suite shares its database. */
const capOf =
  (key: LimitKey, cap: string | null): CapOf =>
  (ticket) =>
    ticket.deploymentId === key.deploymentId ? { aggregation: 'sum', holds: cap === null ? [] : [{ key, cap }] } : null;
const admit = async (key: LimitKey, cap: string | null, at = now): Promise<string[]> => {
  const ended = await tickets.admit(at, capOf(key, cap));
  return ended.map(({ id, state }) => `${id} ${state}`);
};
const get = async (id: string): Promise<Ticket> => (await tickets.get(unitOfWork.reader, id))!;

describe('Tickets', () => {
  it('a small ticket never overtakes a big one that came before, and both are let in when the cap rises', async () => {
    const key = monthKey();
    await unitOfWork.run((tx) => counters.take(tx, key, '10', '8'));
    const [big, small] = [await waiting(key, '5'), await waiting(key, '1')];
    expect([big.ahead, small.ahead]).toEqual([0, 1]);
    expect(await admit(key, '10')).toEqual([]);
    expect(await admit(key, '13')).toEqual([`${big.id} admitted`]);
    expect((await get(small.id)).ahead).toBe(0);
    expect(await admit(key, '14')).toEqual([`${small.id} admitted`]);
  });

  it('at the start of the next period they are let in, and hold their quantity for a day', async () => {
    const key = monthKey();
    await unitOfWork.run((tx) => counters.take(tx, key, '10', '10'));
    const ticket = await waiting(key, '4');
    const may: LimitKey = {
      ...key,
      period: { from: new Date('2026-05-01T00:00:00Z'), to: new Date('2026-06-01T00:00:00Z') },
    };
    const at = new Date('2026-05-01T00:00:01Z');
    expect(await admit(may, '10', at)).toEqual([`${ticket.id} admitted`]);
    const admitted = await get(ticket.id);
    expect(admitted).toMatchObject({ state: 'admitted', admittedAt: at, expiresAt: new Date('2026-05-02T00:00:01Z') });
    expect((await counters.read(unitOfWork.reader, [may]))[0]).toMatchObject({ used: '0', held: '4' });
    await unitOfWork.run((tx) => reservations.confirm(tx, admitted.reservationId!, at));
    expect((await counters.read(unitOfWork.reader, [may]))[0]).toMatchObject({ used: '4', held: '0' });
  });

  it('one that no window has room for is refused at once', async () => {
    expect(await enqueue(monthKey(), '11')).toMatchObject({ ok: false, error: { code: 'LIMIT.TOO_LARGE' } });
  });

  it('a cap that is lowered below a waiting ticket refuses it and does not hold up the others', async () => {
    const key = monthKey();
    const [big, small] = [await waiting(key, '5'), await waiting(key, '1')];
    expect(await admit(key, '3')).toEqual([`${big.id} refused`, `${small.id} admitted`]);
  });

  it('without a limit everybody is let in, and while nobody knows the limit nobody is', async () => {
    const key = monthKey();
    const ticket = await waiting(key, '5');
    expect(await tickets.admit(now, () => null)).toEqual([]);
    expect(await admit(key, null)).toEqual([`${ticket.id} admitted`]);
  });

  it('one whose action is not licensed any more leaves the line and holds nobody up', async () => {
    const key = monthKey();
    const [first, second] = [await waiting(key, '1'), await waiting(key, '1')];
    const limits = { aggregation: 'sum' as const, holds: [{ key, cap: '10' }] };
    await database.query(`UPDATE limit_ticket SET action = 'gone:make' WHERE id = $1`, [first.id]);
    const ended = await tickets.admit(now, ({ deploymentId, action }) =>
      deploymentId !== key.deploymentId ? null : action === 'gone:make' ? 'not_licensed' : limits,
    );
    expect(ended.map(({ id, state }) => `${id} ${state}`)).toEqual([`${first.id} refused`, `${second.id} admitted`]);
  });

  it('thousands of lines that admit nothing hold up none that does', async () => {
    await database.query(
      `INSERT INTO limit_ticket (id, deployment_id, meter, action, quantity, state, created_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'api_calls', 'calls:make', 1, 'waiting', $1
         FROM generate_series(1, 3000)`,
      [now],
    );
    const key = monthKey();
    const ticket = await waiting(key, '1');
    expect(await admit(key, '10')).toEqual([`${ticket.id} admitted`]);
    await database.query(`DELETE FROM limit_ticket WHERE state = 'waiting'`);
  });

  it('a line that cannot move yet holds up no other, nor keeps the counter of one that moved', async () => {
    const [moving, held] = [monthKey(), monthKey()];
    const [first, second] = [await waiting(moving, '1'), await waiting(held, '1')];
    await unitOfWork.run((tx) => counters.ensure(tx, [moving, held]));
    const both: CapOf = ({ deploymentId }) =>
      deploymentId === moving.deploymentId
        ? { aggregation: 'sum', holds: [{ key: moving, cap: '10' }] }
        : deploymentId === held.deploymentId
          ? { aggregation: 'sum', holds: [{ key: held, cap: '10' }] }
          : null;
    const ended = await unitOfWork.run(async (tx) => {
      await counters.lock(tx, [held]);
      const admitted = await tickets.admit(now, both);
      // Committed, and free for whoever checks: while the other line is still locked.
      await unitOfWork.run((other) => counters.take(other, moving, '10', '1'));
      return admitted;
    });
    expect(ended.map(({ id }) => id)).toEqual([first.id]);
    expect((await tickets.admit(now, both)).map(({ id }) => id)).toEqual([second.id]);
  });

  it('lines take turns, a few tickets in a transaction, and who got no turn comes first the next time', async () => {
    const [long, short] = [monthKey(), monthKey()];
    for (let n = 0; n < 25; n += 1) await waiting(long, '1', '100');
    const last = await waiting(short, '1', '100');
    const all: CapOf = ({ deploymentId }) => {
      const key = [long, short].find((one) => one.deploymentId === deploymentId);
      return key ? { aggregation: 'sum', holds: [{ key, cap: '100' }] } : null;
    };
    const hasty = new Tickets({ unitOfWork, reservations, ids, turnsMax: 1 });
    const told: string[] = [];
    const turn = async () => (await hasty.admit(now, all, async (_, { id }) => void told.push(id))).map(({ id }) => id);
    const turns = [await turn(), await turn(), await turn(), await turn()];
    expect(turns.map(({ length }) => length).sort()).toEqual([1, 10, 10, 5].sort());
    expect(turns.slice(0, 2)).toContainEqual([last.id]);
    expect(await turn()).toEqual([]);
    expect(new Set(told).size).toBe(26);
  });

  it('who leaves the line makes room; who was let in cannot leave it', async () => {
    const key = monthKey();
    await unitOfWork.run((tx) => counters.take(tx, key, '10', '8'));
    const [big, small] = [await waiting(key, '5'), await waiting(key, '1')];
    const cancel = (id: string) => unitOfWork.run((tx) => tickets.cancel(tx, id, now));
    expect((await cancel(big.id)).state).toBe('cancelled');
    expect((await cancel(big.id)).state).toBe('cancelled');
    expect(await admit(key, '10')).toEqual([`${small.id} admitted`]);
    await expect(cancel(small.id)).rejects.toMatchObject({ failure: { code: 'TICKET.NOT_WAITING' } });
    await expect(cancel(randomUUID())).rejects.toMatchObject({ failure: { code: 'TICKET.NOT_FOUND' } });
  });

  it('replicas that let in at once let nobody overtake and nobody in twice', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const key = monthKey();
    const line: Ticket[] = [];
    for (let n = 0; n < 25; n += 1) line.push(await waiting(key, String(1 + Math.floor(random() * 9))));
    const admitted: string[] = [];
    for (let cap = 10; admitted.length < line.length; cap += 6) {
      const rounds = await Promise.all([1, 2, 3].map(() => admit(key, String(cap))));
      admitted.push(...rounds.flat());
      const present = await Promise.all(line.map(({ id }) => get(id)));
      const states = present.map(({ state }) => state);
      // Whoever is in stands before everybody who waits.
      expect([seed, states]).toEqual([seed, [...states].sort()]);
      const held = present.reduce((sum, { state, quantity }) => sum + (state === 'admitted' ? Number(quantity) : 0), 0);
      expect(held).toBeLessThanOrEqual(cap);
    }
    expect(new Set(admitted).size).toBe(line.length);
    expect((await counters.read(unitOfWork.reader, [key]))[0]).toMatchObject({
      held: String(line.reduce((sum, { quantity }) => sum + Number(quantity), 0)),
    });
  });
});
