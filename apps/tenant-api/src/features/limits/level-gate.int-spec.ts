import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent } from '@biplane/contracts';
import type { Decider } from '@biplane/limits';
import { homeRoleNames, type LicenseClaims, type LicensedLimit } from '@biplane/licensing';
import { Outbox } from '@biplane/messaging';
import { executeSql, JobRunner, Metrics, querySql, RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  newPlacement,
  requiredVariable,
  sizeOfRun,
  TestIssuer,
  testPostgres,
  testUnitOfWork,
  type Placement,
  type TestPostgres,
} from '@biplane/testing';
import { dropHome } from '../../testing/drop-home.js';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';

import { MetricsService } from '../metrics/index.js';
import { ensureTemplate, readTenantSchema } from '../tenancy/index.js';
import { LevelGate } from './level-gate.service.js';
import { LevelReports } from './level-reports.service.js';
import { LevelSources } from './level-sources.js';
import { LimitEvents } from './limit-events.service.js';
import { homeDecider } from './limits.module.js';

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const homeId = randomUUID();
const schema = readTenantSchema();
const clock = new FakeClock('2026-04-10T12:30:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const fieldKey = newFieldKey();
const password = randomBytes(12).toString('hex');
const provisioner = homeRoleNames(homeId).provisioner;
const provisionerUrl = Object.assign(new URL(superUrl), {
  pathname: '/postgres',
  username: provisioner,
  password,
}).href;
const ACTION = 'members:invites';
const LIMIT = 100;

/** One replica with its gate of levels, wired as the module wires it. Its jobs run when the suite says so. */
class LevelReplica {
  readonly home: HomeReplica;
  readonly gate: LevelGate;
  readonly reports: LevelReports;
  readonly events: LimitEvents;
  readonly decider: Decider;

  constructor(unitOfWork: UnitOfWork) {
    const rootKey = issuer.rootPublicKey;
    this.home = new HomeReplica({ clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey });
    const { keeper, licenses, handles } = this.home;
    const [ids, metrics] = [new RandomIds(clock), new Metrics()];
    this.events = new LimitEvents(this.home.home, unitOfWork, new Outbox({ clock }), clock, ids);
    this.decider = homeDecider(this.home.home, keeper, this.events, { unitOfWork, clock, ids, metrics });
    const usage = new MetricsService(licenses, unitOfWork, clock, this.decider);
    const [sources, jobs] = [new LevelSources(), new JobRunner(clock, metrics)];
    this.reports = new LevelReports(licenses, handles, usage, sources, unitOfWork, clock, jobs);
    this.gate = new LevelGate(keeper, this.decider, this.events, this.reports, sources, unitOfWork, clock);
  }

  async hold(placement: Placement, claims: Partial<LicenseClaims>): Promise<void> {
    await this.home.keeper.takeRecord(issuer.keyRecord('k1'));
    const compact = issuer.sign(issuer.claims(placement, claims), 'k1');
    await this.home.keeper.takeRecord(issuer.licenseRecord(placement.deploymentId, compact));
  }

  /** A member as the feature of members adds one: the level and the row in one transaction. */
  add(quantity = '1', fail?: Error) {
    const handle = this.home.handles.resolve(placement.deploymentId);
    return handle.run(async (tx) => {
      const decision = await this.gate.take(tx, handle, ACTION, { meter: 'members', quantity });
      await insertMember(tx);
      if (fail) throw fail;
      return decision;
    });
  }

  remove() {
    const handle = this.home.handles.resolve(placement.deploymentId);
    return handle.run(async (tx) => {
      await executeSql(tx, 'DELETE FROM member WHERE id = (SELECT id FROM member LIMIT 1)', []);
      await this.gate.release(tx, handle, { meter: 'members' });
    });
  }

  read<Row>(sql: string): Promise<Row[]> {
    return this.home.handles.resolve(placement.deploymentId).read((reader) => querySql<Row>(reader, sql));
  }
}

let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;
let replicas: readonly [LevelReplica, LevelReplica];
let placement: Placement;
let version = 0;

const insertMember = (tx: Tx): Promise<number> =>
  executeSql(
    tx,
    `INSERT INTO member (id, role, state, created_at) VALUES ($1::uuid, 'member', 'active', $2::text::timestamptz)`,
    [randomUUID(), clock.now().toISOString()],
  );
const memberRows = async (): Promise<number> =>
  (await replicas[0].read<{ rows: number }>('SELECT count(*)::int AS rows FROM member'))[0]?.rows ?? -1;
const refused = (code: string, status: number) => ({ failure: expect.objectContaining({ code, status }) });
const windows = () =>
  homeDatabase.query<{ used: string }>(
    `SELECT trim_scale(quantity)::text AS used FROM usage_window WHERE deployment_id = $1 AND meter = 'members'`,
    [placement.deploymentId],
  );
const toldOfLimits = async () => {
  for (const { events } of replicas) await events.flush(clock.now());
  const rows = await homeDatabase.query<{ headers: Record<string, string>; value: string }>(
    'SELECT headers, value FROM outbox WHERE key = $1 ORDER BY id',
    [placement.deploymentId],
  );
  return rows.flatMap(({ headers, value }) => {
    const event = parsePlaneEvent(headers, value);
    return event.ok && event.value.name === 'LimitEvent' ? [event.value.data] : [];
  });
};

/** A newer license with one limit of members, for every replica. */
async function license(limit: Partial<LicensedLimit> | null, changes: Partial<LicenseClaims> = {}): Promise<void> {
  version += 1;
  const members = {
    meter: 'members',
    authority: 'data',
    aggregation: 'last',
    cap: `${LIMIT}`,
    window: null,
    strategy: 'hard_block',
    warnAt: [],
    ...limit,
  } as const;
  const claims = {
    version,
    modules: { members: { features: ['invites'], limits: limit === null ? [] : [members] } },
    meters: { members: { authority: 'data', aggregation: 'last' } },
    ...changes,
  } as const;
  for (const replica of replicas) await replica.hold(placement, claims);
}

beforeAll(async () => {
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await homeDatabase.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  await homeDatabase.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
  await ensureTemplate({ provisionerUrl, homeId, schema });
  replicas = [new LevelReplica(unitOfWork), new LevelReplica(unitOfWork)];
});

/** A deployment of its own each time, with its database. */
beforeEach(async () => {
  placement = newPlacement(homeId);
  version = 0;
  issuer.issuedAt = clock.now();
  await license({});
  await replicas[0].home.reconciler.drain();
  await replicas[0].home.tenancy.initialize(placement.deploymentId);
});

afterAll(async () => {
  for (const { home } of replicas) await home.close();
  await unitOfWork.close();
  await homeDatabase.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('a level of a tenant', () => {
  it('C1: two replicas that race through their handles: exactly as many members as the limit', async () => {
    const attempts = sizeOfRun({ soak: 2_000, ci: 150 });
    const added = await Promise.all(
      replicas.flatMap((replica) => {
        let left = attempts;
        const lane = async (): Promise<number> => {
          let mine = 0;
          for (; left > 0; left -= 1) {
            const isAdded = await replica.add().then(
              () => true,
              (error: unknown) => {
                expect(error).toMatchObject(refused('LIMIT.REACHED', 429));
                return false;
              },
            );
            if (isAdded) mine += 1;
          }
          return mine;
        };
        return [lane(), lane(), lane()];
      }),
    );
    expect(added.reduce((sum, one) => sum + one, 0)).toBe(LIMIT);
    expect(await memberRows()).toBe(LIMIT);
    await expect(replicas[0].add()).rejects.toMatchObject({
      failure: { members: { limit: `${LIMIT}`, used: `${LIMIT}`, remaining: '0', behavior: 'hard_block' } },
    });
  });

  it('B14: a cap below what is used denies what is new and keeps what is there, and what goes makes room again', async () => {
    for (let n = 0; n < 4; n += 1) await replicas[n % 2 === 0 ? 0 : 1].add();
    await license({ cap: '3' });
    await expect(replicas[0].add()).rejects.toMatchObject(refused('LIMIT.REACHED', 429));
    expect(await memberRows()).toBe(4);
    await replicas[1].remove();
    await expect(replicas[0].add()).rejects.toMatchObject(refused('LIMIT.REACHED', 429));
    await replicas[1].remove();
    expect(await replicas[0].add()).toMatchObject({ outcome: 'allow', used: '2', limit: '3' });
    expect(await memberRows()).toBe(3);
  });

  it('a record that is not written after all takes nothing', async () => {
    await expect(replicas[0].add('1', new Error('no'))).rejects.toThrow('no');
    expect(await replicas[0].add()).toMatchObject({ used: '0' });
    expect(await memberRows()).toBe(1);
  });

  it('the rows that were there before the first limit are counted by whoever owns them', async () => {
    const other = new LevelReplica(unitOfWork);
    other.gate.countedBy('members', async (tx) => {
      const [row] = await querySql<{ rows: string }>(tx, 'SELECT count(*)::text AS rows FROM member');
      return row?.rows ?? '0';
    });
    await other.hold(placement, { ...replicas[0].home.licenses.licenseOf(placement.deploymentId) });
    await other.home.handles.resolve(placement.deploymentId).run(insertMember);
    expect(await other.add()).toMatchObject({ used: '1' });
    expect(() => other.gate.countedBy('members', () => Promise.resolve('0'))).toThrow('members');
    await other.home.close();
  });

  it.each([
    ['soft_warning', 'warn', 'LIMIT.EXCEEDED'],
    ['overage_charge', 'overage', 'LIMIT.OVERAGE'],
    ['allow', 'allow', null],
  ] as const)('beyond a cap of %s the record is written: %s', async (strategy, outcome, code) => {
    await license({ cap: '1', strategy });
    await replicas[0].add();
    expect(await replicas[1].add()).toMatchObject({ isAllowed: true, outcome, code, used: '1' });
    expect(await memberRows()).toBe(2);
  });

  it.each([
    ['revoked', { status: 'revoked' }, 'LICENSE.REVOKED'],
    ['suspended', { status: 'suspended' }, 'LICENSE.SUSPENDED'],
    ['expired', null, 'LICENSE.EXPIRED'],
    ['without the module', { modules: {} }, 'LICENSE.MODULE_NOT_LICENSED'],
  ] as const)('a license that is %s takes nothing, and what goes still goes', async (_what, changes, code) => {
    await replicas[0].add();
    if (changes === null) clock.advance(8 * 24 * 3_600_000);
    else await license({}, changes);
    await expect(replicas[0].add()).rejects.toMatchObject(refused(code, 403));
    await replicas[0].remove();
    expect(await memberRows()).toBe(0);
    expect(await replicas[0].read('SELECT trim_scale(used)::text AS used FROM level_limit')).toEqual([{ used: '0' }]);
  });
});

describe('what the home and core-api know of a level', () => {
  it('a change is told within the next second, as the reading that counts', async () => {
    await replicas[0].add();
    await replicas[0].add();
    await replicas[0].reports.flush();
    expect(await windows()).toEqual([{ used: '2' }]);
    clock.advance(1_000);
    await replicas[1].remove();
    await replicas[1].reports.flush();
    await replicas[0].reports.flush();
    expect(await windows()).toEqual([{ used: '1' }]);
  });

  it('a replica that is killed before it tells: another one does, within a minute', async () => {
    await replicas[0].add();
    // Nothing but the expectation is left of the one that is gone.
    await replicas[1].reports.runDue(clock.now());
    expect(await windows()).toEqual([]);
    clock.advance(60_000);
    await replicas[1].reports.runDue(clock.now());
    expect(await windows()).toEqual([{ used: '1' }]);
  });

  it('a level that does not change is told each hour, until the license names it no more', async () => {
    await replicas[0].add();
    clock.advance(60_000);
    await replicas[0].reports.runDue(clock.now());
    for (let hour = 0; hour < 3; hour += 1) {
      clock.advance(3_600_000);
      await replicas[hour % 2 === 0 ? 0 : 1].reports.runDue(clock.now());
    }
    expect(await windows()).toEqual(Array.from({ length: 4 }, () => ({ used: '1' })));
    await license(null, { meters: {} });
    clock.advance(3_600_000);
    await replicas[0].reports.runDue(clock.now());
    const left = await homeDatabase.query('SELECT * FROM level_report WHERE deployment_id = $1', [
      placement.deploymentId,
    ]);
    expect(left).toEqual([]);
  });

  it('denials and overages are told as those of any other limit, and counted in the log', async () => {
    await license({ cap: '1' });
    await replicas[0].add();
    await expect(replicas[0].add()).rejects.toMatchObject(refused('LIMIT.REACHED', 429));
    expect(await toldOfLimits()).toMatchObject([{ kind: 'denied', module: 'members', meter: 'members', used: '1' }]);
    await license({ cap: '1', strategy: 'overage_charge' });
    await replicas[0].add();
    expect((await toldOfLimits()).map(({ kind }) => kind)).toEqual(['denied', 'overage']);
    await replicas[0].decider.log.flush();
    const log = await homeDatabase.query('SELECT outcome, code FROM decision WHERE deployment_id = $1', [
      placement.deploymentId,
    ]);
    expect(log).toEqual([{ outcome: 'deny', code: 'LIMIT.REACHED' }]);
  });

  it('a share of the cap is told once when the reading passes it', async () => {
    await license({ cap: '2', warnAt: ['0.5'] });
    await replicas[0].add();
    for (const { reports } of replicas) await reports.flush();
    await replicas[0].add();
    await replicas[0].reports.flush();
    const shares = (await toldOfLimits()).flatMap(({ threshold }) => threshold ?? []);
    expect(shares).toEqual(['0.5']);
  });
});
