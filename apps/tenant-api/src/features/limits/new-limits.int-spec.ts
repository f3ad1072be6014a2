import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LicensedLimit } from '@biplane/licensing';
import type { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';

const STARTS_AT = '2026-04-10T10:00:00.000Z';
const API_CALLS: LicensedLimit = {
  meter: 'api_calls',
  authority: 'data',
  aggregation: 'sum',
  cap: '5',
  window: 'month',
  strategy: 'hard_block',
  warnAt: [],
};

let clock: FakeClock;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let deployment: string;
/** Two replicas, each with the licenses as it knows them. */
let informed: { readonly licenses: TestLicenses; readonly replica: UsageReplica };
let late: { readonly licenses: TestLicenses; readonly replica: UsageReplica };

beforeEach(async () => {
  const homeId = randomUUID();
  clock = new FakeClock('2026-04-10T12:30:00.000Z');
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  deployment = randomUUID();
  const newReplica = () => {
    const licenses = new TestLicenses(homeId, clock);
    const replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
    licenses.place(STARTS_AT, undefined, deployment);
    return { licenses, replica };
  };
  [informed, late] = [newReplica(), newReplica()];
  for (const { licenses } of [informed, late]) limits(licenses, []);
});
afterEach(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const limits = (licenses: TestLicenses, of: readonly LicensedLimit[]): void =>
  licenses.change(deployment, { modules: { financials: { features: ['automated_billing'], limits: of } } });
const submit = ({ replica }: typeof late, id: string, quantity: string) =>
  replica.metrics.accept(usageEvent(deployment, { id, time: '2026-04-10T12:00:00Z', quantity, meter: 'api_calls' }));
const counted = async () =>
  (await database.query<{ used: string }>('SELECT trim_scale(used)::text AS used FROM limit_counter')).map(
    ({ used }) => used,
  );
const asked = () => database.query('SELECT round FROM limit_recount ORDER BY round');
const runJobs = async ({ replica }: typeof late): Promise<void> => {
  await replica.limitJobs.run(clock.now());
  await replica.reconciler.recountNew(clock.now());
};

describe('a limit that is new to a meter', () => {
  it('usage that another process stores without knowing of it counts within a minute, by a signed adjustment', async () => {
    limits(informed.licenses, [API_CALLS]);
    await submit(informed, 'known', '1');
    await runJobs(informed);
    await submit(late, 'unknown', '4');
    expect(await counted()).toEqual(['1']);
    clock.advance(59_999);
    await runJobs(informed);
    expect(await counted()).toEqual(['1']);
    clock.advance(1);
    await runJobs(late);
    expect(await counted()).toEqual(['5']);
    const adjustments = await database.query('SELECT trim_scale(delta)::text AS delta, cause FROM usage_adjustment');
    expect(adjustments).toEqual([{ delta: '4', cause: 'new limit' }]);
    expect(await asked()).toEqual([]);
  });

  it('one that was taken away and comes back is counted again at once', async () => {
    for (const { licenses } of [informed, late]) limits(licenses, [API_CALLS]);
    await submit(informed, 'a', '1');
    for (const { licenses } of [informed, late]) limits(licenses, []);
    await submit(informed, 'b', '3');
    expect(await counted()).toEqual(['1']);
    limits(informed.licenses, [{ ...API_CALLS, cap: '10' }]);
    await runJobs(informed);
    expect(await counted()).toEqual(['4']);
  });

  it('the last replica to learn of it moves the second count; a cap that changes and a start ask for none', async () => {
    limits(informed.licenses, [API_CALLS]);
    await runJobs(informed);
    clock.advance(30_000);
    limits(late.licenses, [API_CALLS]);
    await runJobs(late);
    await submit(late, 'a', '2');
    await database.query('UPDATE limit_counter SET used = 0');
    clock.advance(30_000);
    await runJobs(informed);
    expect(await counted()).toEqual(['0']);
    clock.advance(30_000);
    await runJobs(informed);
    expect(await counted()).toEqual(['2']);
    limits(late.licenses, [{ ...API_CALLS, cap: '50' }]);
    await late.replica.limitJobs.run(clock.now());
    expect(await asked()).toEqual([]);
  });
});
