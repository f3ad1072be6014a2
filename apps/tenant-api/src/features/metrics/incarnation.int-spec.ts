import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent, type HomeClose, type UsageWindow } from '@biplane/contracts';
import { addDecimal, decimalToString, orThrow, parseDecimal } from '@biplane/kernel';
import type { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';
import { beginIncarnation } from './incarnation.store.js';

const STARTED = '2026-03-31T10:20:00.000Z';
const ZONE = 'Australia/Brisbane';

let clock: FakeClock;
let licenses: TestLicenses;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: UsageReplica;
let deployment: string;
let homeId: string;

beforeEach(async () => {
  homeId = randomUUID();
  clock = new FakeClock(STARTED);
  licenses = new TestLicenses(homeId, clock);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
  deployment = licenses.place('2026-03-31T10:30:00.000Z', ZONE);
});
afterEach(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const submit = (id: string, quantity: string) =>
  replica.metrics.accept(
    usageEvent(deployment, { id, time: clock.now().toISOString(), quantity, meter: 'droplet_hours' }),
  );
const report = async (): Promise<void> => {
  await replica.reporter.closeHours(clock.now());
  await replica.reporter.sendChanges(clock.now());
};

/** What core-api holds: of each window of each incarnation the highest revision. */
class Receiver {
  readonly windows = new Map<string, UsageWindow>();
  readonly closes = new Map<string, HomeClose>();

  async read(): Promise<void> {
    const rows = await database.query<{ headers: Record<string, string>; value: string }>(
      'SELECT headers, value FROM outbox ORDER BY id',
    );
    for (const { headers, value } of rows) {
      const event = orThrow(parsePlaneEvent(headers, value));
      if (event.name === 'UsageWindow') {
        const { source, meter, windowStart, revision } = event.data;
        const key = `${source.incarnation}|${meter}|${windowStart}`;
        if ((this.windows.get(key)?.revision ?? 0) < revision) this.windows.set(key, event.data);
      }
      if (event.name === 'HomeClose') this.closes.set(`${event.data.incarnation}|${event.data.hour}`, event.data);
    }
  }

  get total(): string {
    const quantities = [...this.windows.values()].map(({ quantity }) => orThrow(parseDecimal(quantity)));
    return decimalToString(quantities.reduce(addDecimal));
  }
}

describe('a home database that came out of a backup', () => {
  it('G8: the new incarnation sends only what it accepts itself: core-api loses nothing and doubles nothing', async () => {
    const core = new Receiver();
    await submit('before', '5');
    await report();
    await database.query(`CREATE TABLE saved AS SELECT * FROM usage_window`);
    await database.query(`CREATE TABLE saved_event AS SELECT * FROM usage_event`);
    await database.query(`CREATE TABLE saved_key AS SELECT * FROM usage_event_key`);
    // After the backup: counted and sent, and then lost with the database.
    clock.advance(20_000);
    await submit('lost', '3');
    await report();
    await core.read();
    expect(core.total).toBe('8');
    await database.query(
      `DELETE FROM usage_window; DELETE FROM usage_event; DELETE FROM usage_event_key; DELETE FROM outbox;
       INSERT INTO usage_window SELECT * FROM saved; INSERT INTO usage_event SELECT * FROM saved_event;
       INSERT INTO usage_event_key SELECT * FROM saved_key; DROP TABLE saved, saved_event, saved_key`,
    );
    const begun = await unitOfWork.run((tx) => beginIncarnation(tx, homeId, clock.now()));
    expect(begun).toEqual({ incarnation: 2, windows: 1 });
    // A repeat of what was accepted before the backup is known; what is new counts.
    await submit('before', '5');
    await submit('after', '2');
    await replica.reconciler.reconcile(null);
    clock.advance(2 * 3_600_000);
    await report();
    await core.read();
    expect(core.total).toBe('10');
    const second = [...core.windows.values()].filter(({ source }) => source.incarnation === 2);
    expect(second.map(({ quantity, closed }) => [quantity, closed])).toEqual([['2', true]]);
    expect([...core.closes.keys()]).toEqual(['2|2026-03-31T10:00:00.000Z', '2|2026-03-31T11:00:00.000Z']);
    // The limits know both what the backup held and what came after it.
    expect(
      await replica.used(deployment, 'droplet_hours', 'sum', 'month', new Date('2026-03-31T10:40:00.000Z'), ZONE),
    ).toBe('7');
  });

  it('each restore is an incarnation of its own, and a home that never counted stays as it is', async () => {
    const restore = () => unitOfWork.run((tx) => beginIncarnation(tx, homeId, clock.now()));
    expect(await restore()).toBeUndefined();
    await submit('a', '1');
    await report();
    expect(await restore()).toMatchObject({ incarnation: 2, windows: 1 });
    await submit('b', '1');
    expect(await restore()).toMatchObject({ incarnation: 3, windows: 1 });
    expect(await database.query('SELECT incarnation, windows FROM home_incarnation ORDER BY 1')).toEqual([
      { incarnation: 2, windows: 1 },
      { incarnation: 3, windows: 1 },
    ]);
    expect(await replica.used(deployment, 'droplet_hours', 'sum', 'month', clock.now(), ZONE)).toBe('2');
  });
});
