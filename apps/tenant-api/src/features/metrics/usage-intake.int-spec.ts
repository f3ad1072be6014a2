import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  FakeClock,
  seededRandom,
  shuffleAndRepeat,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { addDecimal, decimalToString, orThrow, parseDecimal, ZERO_DECIMAL } from '@biplane/kernel';
import { TestLicenses, usageEvent, UsageReplica, type EventText } from '../../testing/usage-rig.js';

const NOW = '2026-04-10T12:30:00.000Z';
const clock = new FakeClock(NOW);
const homeId = randomUUID();
const licenses = new TestLicenses(homeId, clock);

let database: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: UsageReplica;
let deployment: string;

beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});
beforeEach(() => {
  clock.set(NOW);
  deployment = licenses.place('2026-03-01T00:00:00.000Z');
});

const submit = (events: readonly EventText[], deploymentId = deployment) =>
  replica.metrics.accept(events.map((event) => usageEvent(deploymentId, event)));
const at = (id: string, time: string, quantity = '1', meter = 'droplet_hours'): EventText => ({
  id,
  time,
  quantity,
  meter,
});
const windows = (deploymentId = deployment) =>
  database.query<{ meter: string; start: Date; end: Date; quantity: string; revision: string }>(
    `SELECT meter, window_start AS start, window_end AS "end", trim_scale(quantity)::text AS quantity, revision::text
       FROM usage_window WHERE deployment_id = $1 ORDER BY meter, window_start`,
    [deploymentId],
  );
const total = async (meter = 'droplet_hours'): Promise<string> => {
  const quantities = (await windows()).filter((window) => window.meter === meter).map(({ quantity }) => quantity);
  return exactSum(quantities);
};
/** The oracle: exact decimal addition. */
function exactSum(quantities: readonly string[]): string {
  return decimalToString(
    quantities.reduce((sum, text) => addDecimal(sum, orThrow(parseDecimal(text, { maxDigits: 42 }))), ZERO_DECIMAL),
  );
}

describe('POST /usage', () => {
  it('counts events into the hour of their time', async () => {
    const answer = await submit([
      at('a', '2026-04-10T11:59:59.999Z', '1.5'),
      at('b', '2026-04-10T12:00:00Z', '2'),
      at('c', '2026-04-10T22:05:00+10:00', '0.25'),
    ]);
    expect(answer).toEqual({
      accepted: 3,
      duplicates: 0,
      rejected: 0,
      results: ['a', 'b', 'c'].map((id) => ({ id, status: 'accepted' })),
    });
    expect(await windows()).toEqual([
      expect.objectContaining({ start: new Date('2026-04-10T11:00:00Z'), quantity: '1.5', revision: '1' }),
      expect.objectContaining({ start: new Date('2026-04-10T12:00:00Z'), quantity: '2.25', revision: '1' }),
    ]);
  });

  it('A3: an event sent twice counts once, within a batch and across batches', async () => {
    const event = at('twice', NOW, '7');
    const first = await submit([event, event, at('other', NOW, '1')]);
    expect(first.results.map(({ status }) => status)).toEqual(['accepted', 'duplicate', 'accepted']);
    const second = await submit([event, at('new', NOW, '2')]);
    expect(second.results.map(({ status }) => status)).toEqual(['duplicate', 'accepted']);
    expect(await total()).toBe('10');
  });

  it('a repeat may spell its content in another way', async () => {
    await submit([at('spelled', '2026-04-10T12:00:00Z', '7.50')]);
    const answer = await submit([at('spelled', '2026-04-10T14:00:00.000+02:00', '7.5')]);
    expect(answer).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('an id that stands for other content is refused, item by item, whichever of the two is stored', async () => {
    const within = await submit([at('x', NOW, '1'), at('x', NOW, '2'), at('y', NOW, '3')]);
    expect(within.results).toEqual([
      { id: 'x', status: 'accepted' },
      { id: 'x', status: 'rejected', code: 'USAGE.ID_REUSED', detail: expect.any(String) },
      { id: 'y', status: 'accepted' },
    ]);
    const across = await submit([at('x', NOW, '5'), at('x', NOW, '1'), at('z', NOW, '1')]);
    expect(across.results.map(({ status, code }) => code ?? status)).toEqual([
      'USAGE.ID_REUSED',
      'duplicate',
      'accepted',
    ]);
    expect(await total()).toBe('5');
  });

  it('the same id of another source or of another deployment is another event', async () => {
    const other = licenses.place('2026-03-01T00:00:00.000Z');
    const event = { ...at('same', NOW, '1') };
    const answer = await replica.metrics.accept([
      usageEvent(deployment, event),
      usageEvent(deployment, { ...event, source: '/elsewhere' }),
      usageEvent(other, event),
    ]);
    expect(answer.accepted).toBe(3);
    expect([await total(), (await windows(other)).length]).toEqual(['2', 1]);
  });

  it.each([
    ['35 days back to the millisecond', '2026-03-06T12:30:00.000Z', 'accepted'],
    ['a millisecond more', '2026-03-06T12:29:59.999Z', 'USAGE.TOO_OLD'],
    ['5 minutes ahead to the millisecond', '2026-04-10T12:35:00.000Z', 'accepted'],
    ['a millisecond more ahead', '2026-04-10T12:35:00.001Z', 'USAGE.IN_FUTURE'],
    ['epoch 0', '1970-01-01T00:00:00Z', 'USAGE.TOO_OLD'],
    ['the year 9999', '9999-12-31T23:59:59Z', 'USAGE.IN_FUTURE'],
  ])('C10: an event %s is judged by the Clock, never moved', async (why, time, verdict) => {
    const { results } = await submit([at(why, time), at('good', NOW)]);
    expect(results.map(({ status, code }) => code ?? status)).toEqual([verdict, 'accepted']);
  });

  it('what cannot be counted is refused with its reason, and spoils no other', async () => {
    const answer = await replica.metrics.accept([
      usageEvent(deployment, at('good', NOW, '1')),
      usageEvent(deployment, at('meter', NOW, '1', 'droplet_hour')),
      usageEvent(deployment, at('inherited', NOW, '1', 'constructor')),
      usageEvent(deployment, at('plane', NOW, '1', 'seats')),
      usageEvent(randomUUID(), at('deployment', NOW, '1')),
      { ...usageEvent(deployment, at('shape', NOW, '-1')) },
      7,
    ]);
    expect(answer).toMatchObject({ accepted: 1, duplicates: 0, rejected: 6 });
    expect(answer.results.map(({ id, code }) => [id, code])).toEqual([
      ['good', undefined],
      ['meter', 'METER.UNKNOWN'],
      ['inherited', 'METER.UNKNOWN'],
      ['plane', 'METER.WRONG_PLANE'],
      ['deployment', 'USAGE.DEPLOYMENT_UNKNOWN'],
      ['shape', 'USAGE.INVALID'],
      [null, 'USAGE.INVALID'],
    ]);
  });

  it('C11: quantities that are no plain decimal are refused one by one, and every other one is kept to its last digit', async () => {
    const hostile = ['-1', 'NaN', 'Infinity', '1e308', '12,5', ' 1', '0x10', '01', '.5', '1.', '1'.repeat(31), '', '٣'];
    const good = ['9007199254740993', '0.000000000001', '123456789012345678.123456789012'];
    const answer = await submit([...hostile, ...good].map((quantity, n) => at(`q${n}`, NOW, quantity)));
    expect(answer).toMatchObject({ accepted: good.length, rejected: hostile.length });
    expect(answer.results.slice(0, hostile.length).map(({ code }) => code)).toEqual(hostile.map(() => 'USAGE.INVALID'));
    expect(await total()).toBe(exactSum(good));
  });

  it('The same events sent by 8 clients at the same instant are stored once', async () => {
    const events = Array.from({ length: 20 }, (_, n) => at(`once${n}`, NOW, '1'));
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => new UsageReplica({ clock, unitOfWork, homeId, licenses }).metrics).map(
        (metrics) => metrics.accept(events.map((event) => usageEvent(deployment, event))),
      ),
    );
    const tally = (of: 'accepted' | 'duplicates') => answers.reduce((sum, answer) => sum + answer[of], 0);
    expect([tally('accepted'), tally('duplicates')]).toEqual([20, 7 * 20]);
    const stored = await database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM usage_event WHERE deployment_id = $1',
      [deployment],
    );
    expect([stored[0]?.n, await total()]).toEqual([20, '20']);
  });

  it('C3: a process that has not read all licenses refuses no event of a deployment that it does not know: 503, and nothing is taken', async () => {
    const events = [at('early', NOW), at('early too', NOW)];
    const unknown = licenses.whileUnread(() =>
      replica.metrics.accept([usageEvent(deployment, events[0]!), usageEvent(randomUUID(), events[1]!)]),
    );
    await expect(unknown).rejects.toMatchObject({ failure: { code: 'USAGE.LICENSES_UNREAD', retryAfterSeconds: 1 } });
    expect(await windows()).toEqual([]);
    expect(await licenses.whileUnread(() => submit(events))).toMatchObject({ accepted: 2, rejected: 0 });
  });

  it('a submitter of one tenant cannot count for another', async () => {
    const events = [usageEvent(deployment, at('foreign', NOW))];
    const answer = await replica.metrics.accept(events, randomUUID());
    expect(answer.results[0]).toMatchObject({ code: 'USAGE.DEPLOYMENT_UNKNOWN' });
    expect((await replica.metrics.accept(events, licenses.claimsOf(deployment).sub)).accepted).toBe(1);
  });

  it.each(['suspended', 'revoked'] as const)('usage is accepted under a license that is %s', async (status) => {
    licenses.change(deployment, { status });
    expect((await submit([at(status, NOW)])).accepted).toBe(1);
  });

  it('a body that is no usage is refused as a whole', async () => {
    await expect(replica.metrics.accept('usage')).rejects.toMatchObject({ failure: { code: 'USAGE.BODY_UNREADABLE' } });
    const many = Array.from({ length: 1001 }, (_, n) => usageEvent(deployment, at(`${n}`, NOW)));
    await expect(replica.metrics.accept(many)).rejects.toMatchObject({ failure: { code: 'USAGE.BATCH_TOO_LARGE' } });
    expect(await replica.metrics.accept([])).toEqual({ accepted: 0, duplicates: 0, rejected: 0, results: [] });
  });

  it('a total that no column holds refuses its own event only', async () => {
    const most = '9'.repeat(30);
    const answer = await submit([at('most', NOW, most), at('more', NOW, most), at('calls', NOW, '1', 'api_calls')]);
    expect(answer.results.map(({ status, code }) => code ?? status)).toEqual([
      'accepted',
      'USAGE.TOTAL_TOO_LARGE',
      'accepted',
    ]);
  });

  it('an hour that the tenant cuts at half past gives two windows', async () => {
    const kolkata = licenses.place('2026-03-01T00:00:00.000Z', 'Asia/Kolkata');
    // Midnight of 1 April in Kolkata is 18:30 UTC of 31 March.
    await submit([at('march', '2026-03-31T18:29:59.999Z', '1'), at('april', '2026-03-31T18:30:00Z', '2')], kolkata);
    expect(await windows(kolkata)).toEqual([
      expect.objectContaining({
        start: new Date('2026-03-31T18:00:00Z'),
        end: new Date('2026-03-31T18:30:00Z'),
        quantity: '1',
      }),
      expect.objectContaining({
        start: new Date('2026-03-31T18:30:00Z'),
        end: new Date('2026-03-31T19:00:00Z'),
        quantity: '2',
      }),
    ]);
  });

  it('C15: a gauge shows its latest reading, and a peak its greatest, in whatever order they come', async () => {
    const readings = [
      at('1', '2026-04-10T12:01:00Z', '40'),
      at('2', '2026-04-10T12:20:00Z', '10'),
      at('3', '2026-04-10T12:10:00Z', '90'),
      at('4', '2026-04-10T12:20:00Z', '11'),
    ];
    for (const { id, ...reading } of shuffleAndRepeat(readings, 7)) {
      await submit([
        { ...reading, id: `g${id}`, meter: 'storage_gb' },
        { ...reading, id: `p${id}`, meter: 'peak_users' },
      ]);
    }
    expect([await total('storage_gb'), await total('peak_users')]).toEqual(['11', '90']);
    const late = licenses.place('2026-03-01T00:00:00.000Z');
    await submit(
      readings.map((reading) => ({ ...reading, meter: 'storage_gb' })),
      late,
    );
    expect((await windows(late))[0]?.quantity).toBe('11');
  });

  it('any order, repetition and splitting of events gives the totals of exact addition', async () => {
    const random = seededRandom(20260410);
    const quantity = (): string =>
      `${Math.floor(random() * 1e6)}.${String(Math.floor(random() * 1e12)).padStart(12, '0')}`;
    const events = Array.from({ length: 300 }, (_, n) =>
      at(`e${n}`, new Date(Date.parse(NOW) - Math.floor(random() * 6 * 3_600_000)).toISOString(), quantity()),
    );
    const delivered = shuffleAndRepeat(events, 11);
    let accepted = 0;
    while (delivered.length > 0)
      accepted += (await submit(delivered.splice(0, 1 + Math.floor(random() * 90)))).accepted;
    expect(accepted).toBe(events.length);
    expect(await total()).toBe(exactSum(events.map((event) => event.quantity)));
  });

  it('A3: 32 batches at once with the same ids count each event once, and none fails', async () => {
    const events = Array.from({ length: 200 }, (_, n) =>
      at(
        `c${n}`,
        new Date(Date.parse(NOW) - n * 97_000).toISOString(),
        `${n}.125`,
        n % 2 ? 'api_calls' : 'droplet_hours',
      ),
    );
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, batch) => submit(shuffleAndRepeat(events, batch).slice(0, 1000))),
    );
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(events.length);
    expect(answers.every(({ rejected }) => rejected === 0)).toBe(true);
    const all = await windows();
    expect(exactSum(all.map(({ quantity }) => quantity))).toBe(exactSum(events.map(({ quantity }) => quantity)));
  });
});
