import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent, type LimitEvent } from '@biplane/contracts';
import type { LicensedLimit } from '@biplane/licensing';
import type { CheckedDecision } from '@biplane/limits';
import type { Principal, UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  FakeClock,
  sizeOfRun,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';
import { TenantLicenseService, type LicenseKeeper } from '../license/index.js';
import { LimitsService } from './limits.service.js';

const NOW = '2026-04-10T12:30:10.000Z';
const CAP = sizeOfRun({ soak: 5_000, ci: 300 });
const CALLS = 'financials:automated_billing';

let clock: FakeClock;
let licenses: TestLicenses;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: UsageReplica;
let deployment: string;
let homeId: string;

beforeEach(async () => {
  homeId = randomUUID();
  clock = new FakeClock(NOW);
  licenses = new TestLicenses(homeId, clock);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  deployment = licenses.place('2026-04-09T00:00:00.000Z');
  replica = newReplica();
});
afterEach(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const newReplica = (): UsageReplica => new UsageReplica({ clock, unitOfWork, homeId, licenses });
const limited = (...limits: readonly Partial<LicensedLimit>[]): void =>
  licenses.change(deployment, {
    modules: {
      financials: {
        features: ['automated_billing'],
        limits: limits.map((limit) => ({
          meter: 'api_calls',
          authority: 'data',
          aggregation: 'sum',
          cap: '10',
          window: 'month',
          strategy: 'hard_block',
          warnAt: [],
          ...limit,
        })),
      },
    },
  });
const submit = (id: string, quantity: string, meter = 'api_calls', time = '2026-04-10T12:00:00Z') =>
  replica.metrics.accept(usageEvent(deployment, { id, time, quantity, meter }));
const counted = async (): Promise<unknown[]> =>
  database.query(
    `SELECT limit_window, trim_scale(used)::text AS used FROM limit_counter ORDER BY limit_window, window_start`,
  );

/** What core-api is told, parsed by the contract. */
async function told(): Promise<LimitEvent[]> {
  const rows = await database.query<{ headers: Record<string, string>; value: string }>(
    `SELECT headers, value FROM outbox ORDER BY id`,
  );
  return rows.flatMap(({ headers, value }) => {
    const event = parsePlaneEvent(headers, value);
    if (!event.ok) throw new Error(event.error.detail);
    return event.value.name === 'LimitEvent' ? [event.value.data] : [];
  });
}

describe('limits of a home', () => {
  it('calls and usage count against one cap, and of several replicas exactly the cap is admitted', async () => {
    limited({ cap: `${CAP}` });
    const replicas = [replica, newReplica(), newReplica()];
    await submit('before', '50');
    let admitted = 0;
    await Promise.all(
      replicas.map(async (one) => {
        for (let n = 0; n < CAP; n += 1) if ((await one.call(deployment)).isAllowed) admitted += 1;
      }),
    );
    // A slice that a replica has not used up is not lost: it goes back.
    for (const one of replicas) {
      one.decider.slices.retire();
      await one.counter.flush();
    }
    for (;;) {
      if (!(await replica.call(deployment)).isAllowed) break;
      admitted += 1;
    }
    await replica.counter.flush();
    expect(admitted).toBe(CAP - 50);
    expect(await counted()).toEqual([{ limit_window: 'month', used: `${CAP}` }]);
    const [window] = await database.query<{ total: string }>(
      'SELECT trim_scale(sum(quantity))::text AS total FROM usage_window',
    );
    expect(window?.total).toBe(`${CAP}`);
  });

  it('B14: a cap below what is used denies what is new, and what was counted stays', async () => {
    limited({ cap: '10' });
    await submit('nine', '9');
    limited({ cap: '5' });
    expect(await replica.call(deployment)).toMatchObject({ code: 'LIMIT.REACHED', used: '9', limit: '5' });
    expect(await counted()).toEqual([{ limit_window: 'month', used: '9' }]);
  });

  it('usage that is sent again, in a batch or later, counts once against a limit', async () => {
    limited({ window: 'day' }, { window: 'month', cap: '100' });
    const event = usageEvent(deployment, { id: 'a', time: '2026-04-10T12:00:00Z', quantity: '4', meter: 'api_calls' });
    await Promise.all([replica.metrics.accept([event, event]), newReplica().metrics.accept([event])]);
    await replica.metrics.accept(event);
    await replica.call(deployment);
    await replica.counter.flush();
    await submit('b', '1');
    expect(await counted()).toEqual([
      { limit_window: 'day', used: '6' },
      { limit_window: 'month', used: '6' },
    ]);
  });

  it('a confirmed reservation is usage once, a released one is none', async () => {
    limited({});
    const ask = () =>
      replica.decider.check({
        license: licenses.claimsOf(deployment),
        deploymentId: deployment,
        action: CALLS,
        meter: 'api_calls',
        quantity: '4',
        reserve: true,
        principal: 'p',
      });
    const service = new LimitsService(
      replica.decider,
      { licenseOf: (id: string) => licenses.ownLicenseOf(id) } as TenantLicenseService,
      replica.metrics,
      unitOfWork,
      clock,
    );
    const anyone: Principal = { clientId: 'p', scopes: [], regions: null };
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect([first.isAllowed, second.isAllowed, third.code]).toEqual([true, true, 'LIMIT.REACHED']);
    await service.confirm(first.reservationId ?? '', anyone);
    await service.confirm(first.reservationId ?? '', anyone);
    await service.release(second.reservationId ?? '', anyone);
    expect(await counted()).toEqual([{ limit_window: 'month', used: '4' }]);
    expect(await database.query('SELECT trim_scale(quantity)::text AS q FROM usage_window')).toEqual([{ q: '4' }]);
    const stranger = { ...anyone, tenantId: randomUUID() };
    const notFound = { failure: { code: 'RESERVATION.NOT_FOUND', status: 404 } };
    await expect(service.release(first.reservationId ?? '', stranger)).rejects.toMatchObject(notFound);
    await expect(service.ticket(randomUUID(), stranger)).rejects.toMatchObject({ failure: { status: 404 } });
  });

  it('confirmations and usage of one meter at the same time never wait on each other in a ring', async () => {
    limited({ cap: '1000' });
    const license = licenses.claimsOf(deployment);
    const ask = { license, deploymentId: deployment, action: CALLS, meter: 'api_calls', reserve: true, principal: 'p' };
    const held: CheckedDecision[] = [];
    for (let n = 0; n < 12; n += 1) held.push(await replica.decider.check(ask));
    const own = { licenseOf: (id: string) => licenses.ownLicenseOf(id) } as TenantLicenseService;
    const service = new LimitsService(replica.decider, own, replica.metrics, unitOfWork, clock);
    const anyone: Principal = { clientId: 'p', scopes: [], regions: null };
    await submit('first', '1');
    for (const [n, { reservationId = '' }] of held.entries()) {
      await Promise.all([service.confirm(reservationId, anyone), submit(`a${n}`, '1'), submit(`b${n}`, '1')]);
    }
    expect(await counted()).toEqual([{ limit_window: 'month', used: '37' }]);
    // What a backend has to say of rings it says within a second.
    const rings = await database.query(
      `SELECT deadlocks::int AS deadlocks FROM pg_sleep(1.2), pg_stat_database WHERE datname = current_database()`,
    );
    expect(rings).toEqual([{ deadlocks: 0 }]);
  });

  it('what was reserved before midnight is usage of that day, and limits that came since count it too', async () => {
    limited({ window: 'day' });
    clock.set('2026-04-10T13:50:00.000Z');
    const license = licenses.claimsOf(deployment);
    const ask = { license, deploymentId: deployment, action: CALLS, meter: 'api_calls', reserve: true, principal: 'p' };
    const held = await replica.decider.check({ ...ask, quantity: '6' });
    limited({ window: 'day' }, { window: 'month', cap: '100' });
    await submit('before', '1');
    clock.set('2026-04-10T14:02:00.000Z'); // a new day in Brisbane
    const own = { licenseOf: (id: string) => licenses.ownLicenseOf(id) } as TenantLicenseService;
    const service = new LimitsService(replica.decider, own, replica.metrics, unitOfWork, clock);
    const confirmed = await service.confirm(held.reservationId ?? '', { clientId: 'p', scopes: [], regions: null });
    expect(confirmed.usageAt?.toISOString()).toBe('2026-04-10T13:59:59.999Z');
    await submit('after', '10', 'api_calls', '2026-04-10T14:01:00Z');
    expect(await counted()).toEqual([
      { limit_window: 'day', used: '7' },
      { limit_window: 'day', used: '10' },
      { limit_window: 'month', used: '17' },
    ]);
  });

  it('a confirmation after its hour never waits in a ring with usage of that hour', async () => {
    limited({ cap: '1000' }, { window: 'day', cap: '1000' });
    clock.set('2026-04-10T13:50:00.000Z');
    const license = licenses.claimsOf(deployment);
    const ask = { license, deploymentId: deployment, action: CALLS, meter: 'api_calls', reserve: true, principal: 'p' };
    const held: CheckedDecision[] = [];
    for (let n = 0; n < 8; n += 1) held.push(await replica.decider.check(ask));
    await submit('first', '1', 'api_calls', '2026-04-10T13:10:00Z');
    clock.set('2026-04-10T14:02:00.000Z');
    const own = { licenseOf: (id: string) => licenses.ownLicenseOf(id) } as TenantLicenseService;
    const service = new LimitsService(replica.decider, own, replica.metrics, unitOfWork, clock);
    const late = (id: string) => submit(id, '1', 'api_calls', '2026-04-10T13:20:00Z');
    for (const [n, { reservationId = '' }] of held.entries()) {
      const confirmed = service.confirm(reservationId, { clientId: 'p', scopes: [], regions: null });
      await Promise.all([confirmed, late(`a${n}`), late(`b${n}`), late(`c${n}`)]);
    }
    const rings = await database.query(
      `SELECT deadlocks::int AS deadlocks FROM pg_sleep(1.2), pg_stat_database WHERE datname = current_database()`,
    );
    expect(rings).toEqual([{ deadlocks: 0 }]);
  });

  it('a queued request is let in when its window begins, and a stranger does not see its ticket', async () => {
    limited({ strategy: 'queue', window: 'day', cap: '5' });
    await submit('full', '5');
    const question = {
      license: licenses.claimsOf(deployment),
      deploymentId: deployment,
      action: CALLS,
      principal: 'p',
    };
    const decision = await replica.decider.check({ ...question, meter: 'api_calls', quantity: '2' });
    expect(decision).toMatchObject({ outcome: 'delay', code: 'LIMIT.QUEUED', retryAt: '2026-04-10T14:00:00.000Z' });
    await replica.limitJobs.run(clock.now());
    const stateOf = async () => (await replica.decider.tickets.get(unitOfWork.reader, decision.ticketId ?? ''))?.state;
    expect(await stateOf()).toBe('waiting');
    clock.set('2026-04-10T14:00:00.000Z'); // midnight in Brisbane
    await replica.limitJobs.run(clock.now());
    expect(await stateOf()).toBe('admitted');
  });
});

describe('what core-api is told of limits', () => {
  const deny = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      const decision = await replica.call(deployment);
      replica.events.decided(licenses.claimsOf(deployment), CALLS, 'api_calls', decision);
    }
  };

  it('a denial that is asked for again under its key is told once', async () => {
    limited({ cap: '0' });
    const claims = licenses.claimsOf(deployment);
    const keeper = { get: () => ({ claims }) } as unknown as LicenseKeeper;
    const service = new TenantLicenseService(keeper, replica.decider, replica.events);
    const ask = () =>
      service.checkModuleAccess({ deploymentId: deployment }, CALLS, { meter: 'api_calls', idempotencyKey: 'one' });
    const first = await ask();
    expect([await ask(), await ask()]).toEqual([first, first]);
    await replica.events.flush(clock.now());
    expect((await told()).map(({ kind, count }) => [kind, count])).toEqual([['denied', 1]]);
  });

  it('the first denial of a minute is told at once, and the others of it in one record a minute later', async () => {
    limited({ cap: '1' });
    await submit('full', '1');
    await deny(1);
    await replica.events.flush(clock.now());
    expect(await told()).toMatchObject([{ kind: 'denied', module: 'financials', count: 1, used: '1', cap: '1' }]);
    await deny(41);
    await replica.events.flush(clock.now());
    expect(await told()).toHaveLength(1);
    clock.advance(60_000);
    await replica.events.flush(clock.now());
    await replica.events.flush(clock.now());
    const all = await told();
    expect(all.map(({ count }) => count)).toEqual([1, 42]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  });

  it('a share of a cap is told once a window, in the transaction that passed it', async () => {
    limited({ cap: '10', warnAt: ['0.8', '1'], strategy: 'overage_charge' });
    await submit('a', '7');
    expect(await told()).toEqual([]);
    await submit('b', '2');
    await submit('c', '0.5');
    await submit('d', '1');
    expect((await told()).map(({ kind, threshold, used }) => [kind, threshold, used])).toEqual([
      ['warned', '0.8', '9'],
      ['overage', '1', '10.5'],
    ]);
  });

  it('a cap that usage passes is told of although the plan warns of nothing and nobody asks', async () => {
    limited({ cap: '10', warnAt: [], strategy: 'overage_charge' });
    await submit('a', '9');
    expect(await told()).toEqual([]);
    await submit('b', '2');
    await submit('c', '2');
    expect((await told()).map(({ kind, threshold, used }) => [kind, threshold, used])).toEqual([
      ['overage', '1', '11'],
    ]);
  });
});
