import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LicensePlacement } from '@biplane/licensing';
import { SystemClock } from '@biplane/service-kit';
import { eventually, seededRandom, seedOfRun, sizeOfRun } from '@biplane/testing';
import { MoveScene, type SceneHome } from '../../testing/move-scene.js';
import { MemberClient } from '../../testing/running-home.js';
import { usageEvent } from '../../testing/usage-rig.js';
import { UsageLoad } from '../../testing/usage-load.js';

/** In the order in which they are reached: where the two homes of a move out to a home of its own, and back, may be killed. */
const BEFORE_FLIP = ['after_hold', 'after_close', 'after_pack', 'after_drained', 'after_copy', 'after_copied'].map(
  ofMove,
);
const OUT = {
  pool: [...BEFORE_FLIP, 'fence.after_row', ...['before_reseal', 'after_fenced', 'after_cleaned'].map(ofMove)],
  own: ['after_standby_ready', 'after_ready'].map(ofMove),
};
const BACK = {
  pool: [
    ...['after_standby_ready', 'after_copy', 'after_copied'].map(ofMove),
    'fence.after_row',
    ...['before_reseal', 'after_fenced', 'after_ready'].map(ofMove),
  ],
  own: ['after_hold', 'after_close', 'after_pack', 'after_drained', 'after_cleaned'].map(ofMove),
};
interface Points {
  readonly pool: readonly string[];
  readonly own: readonly string[];
}

interface Out {
  readonly own: SceneHome;
  readonly made: ReturnType<MoveScene['newHome']>;
}

const WAIT = { deadlineMs: 120_000 };
const isSoak = sizeOfRun({ soak: 1, ci: 0 }) === 1;
const seed = seedOfRun();
const random = seededRandom(seed);

let scene: MoveScene;
let pool: SceneHome;
let admin: MemberClient;
let load: UsageLoad | undefined;
/** Where the deployment is served, and what it took along the way. */
let served: { epoch: number; previous?: { homeId: string; epoch: number } } = { epoch: 1 };
let out: Out | undefined;
/** Of a move that was undone no number is used again. */
let lastEpoch = 1;
let accepted = 0;
/** What homes have counted that were dropped since. */
let countedBefore = 0;

beforeAll(async () => {
  scene = await MoveScene.open();
  pool = await scene.startPool();
  admin = await scene.admitAdmin(pool, atPool());
  await serving(pool);
}, 240_000);
afterEach(() => load?.abandon());
afterAll(async () => scene?.close(), 60_000);

describe('a move of which the homes are killed', () => {
  it('E15: goes back while it drains as if it had never begun, killed wherever it was', async () => {
    for (const point of isSoak ? BEFORE_FLIP : pick(BEFORE_FLIP.slice(0, 4), 1)) {
      const { home, url } = scene.newHome();
      await scene.kill(pool);
      const next = { homeId: home.homeId, epoch: (lastEpoch += 1), url };
      await scene.issue(atPool({ phase: 'draining', next }), home);
      const own = BEFORE_FLIP.indexOf(point) > 3 ? await scene.startOwn(home) : undefined;
      pool = await scene.startPool(point);
      expect((await pool.child.ended).signal).toBe('SIGKILL');
      await scene.issue(atPool(), home);
      pool = await scene.startPool();
      await serving(pool);
      await taken(pool, point);
      await eventually(async () => {
        expect(await scene.home(scene.poolId, 'SELECT 1 FROM move_step UNION ALL SELECT 1 FROM move_hold')).toEqual([]);
      }, WAIT);
      if (own) await scene.stop(own);
    }
  }, 600_000);

  it('G2: both at their steps, and started again, is completed: nothing lost, nothing counted twice, both sides sum up the same', async () => {
    const first = await moveOut(isSoak ? OUT : { pool: pick(OUT.pool, 1), own: pick(OUT.own, 1) });
    if (!isSoak) return;
    await scene.stop(await moveBack(BACK, first));
    const countedThere = await countedAt(first.made.home.homeId);
    countedBefore += countedThere;
    await moveOut({ pool: [], own: [] });
  }, 900_000);

  it('E16: one of the old home that stood still before the flip and goes on after it writes nothing', async () => {
    const { own, made } = out ?? (await moveOut({ pool: [], own: [] }));
    const old = served.epoch;
    const stale = await scene.startOwn(made.home, '', true);
    await serving(stale, own.url);
    const atStale = new MemberClient(stale.url, scene.deploymentId, admin.token);
    const member = (email: string) => atStale.post('/api/v1/members', { email, role: 'member' });
    expect((await member('before@acme.example')).status).toBe(201);
    stale.child.kill('SIGSTOP');
    await moveBack({ pool: [], own: [] }, { own, made });

    const event = usageEvent(scene.deploymentId, { ...fresh(), id: 'of-the-stale' });
    const answers = Promise.all([
      scene.callAs(own.url, stale.url, '/api/v1/usage', event),
      member('after@acme.example'),
    ]);
    stale.child.kill('SIGCONT');
    expect((await answers).filter(({ status }) => status !== 421 && status !== 503)).toEqual([]);
    for (const homeId of [scene.poolId, made.home.homeId]) {
      expect(await scene.home(homeId, `SELECT 1 FROM usage_event_key WHERE event_id = 'of-the-stale'`)).toEqual([]);
    }
    expect(await scene.tenant(`SELECT 1 FROM member WHERE email = 'after@acme.example'`)).toEqual([]);
    const logins = await scene.tenant<{ sessions: number; canLogin: boolean }>(
      `SELECT rolcanlogin AS "canLogin", (SELECT count(*)::int FROM pg_stat_activity a WHERE a.usename = r.rolname) AS sessions
         FROM pg_roles r WHERE rolname LIKE 'tenant\\_' || replace($1, '-', '') || '%\\_e' || $2`,
      [scene.deploymentId, String(old)],
    );
    expect(logins).toEqual([
      { sessions: 0, canLogin: false },
      { sessions: 0, canLogin: false },
    ]);
  }, 600_000);
});

/** Out to a home of its own under load; each home is killed at its points one after the other, and started again. */
async function moveOut(points: Points): Promise<Out> {
  load = new UsageLoad(scene, pool.url, 20).start(2);
  const made = scene.newHome();
  const epoch = (lastEpoch += 1);
  const next = { homeId: made.home.homeId, epoch, url: made.url };
  await scene.kill(pool);
  const pools = survivor(points.pool, (point) => scene.startPool(point));
  await scene.issue(atPool({ next }), made.home);
  const owns = survivor(points.own, (point) => scene.startOwn(made.home, point));
  await scene.reports(epoch, 'standby_ready');
  await scene.issue(atPool({ next, phase: 'draining' }), made.home);
  await agreed(epoch);
  const previous = { homeId: scene.poolId, epoch: served.epoch };
  served = { epoch, previous };
  await scene.issue({ ...next, phase: 'serving', previous }, made.home);
  const told = scene.reports(epoch, 'fenced', 'ready', 'cleaned');
  const [survivingPool, own] = await Promise.all([pools, owns, told]);
  pool = survivingPool;
  out = { own, made };
  await serving(own);
  await nothingLost(points, out);
  return out;
}

/** And back to the pool. */
async function moveBack(points: Points, { own, made }: Out): Promise<SceneHome> {
  load = new UsageLoad(scene, own.url, 20).start(2);
  const epoch = (lastEpoch += 1);
  const next = { homeId: scene.poolId, epoch, url: scene.poolUrl };
  const here: LicensePlacement = { ...placed(made.home.homeId, made.url), next };
  if (points.pool.length > 0) await scene.kill(pool);
  if (points.own.length > 0) await scene.kill(own);
  const pools = points.pool.length > 0 ? survivor(points.pool, (point) => scene.startPool(point)) : pool;
  const owns = points.own.length > 0 ? survivor(points.own, (point) => scene.startOwn(made.home, point)) : own;
  await scene.issue(here, made.home);
  await scene.reports(epoch, 'standby_ready');
  await scene.issue({ ...here, phase: 'draining' }, made.home);
  await agreed(epoch);
  served = { epoch, previous: { homeId: made.home.homeId, epoch: served.epoch } };
  await scene.issue(atPool(), made.home);
  const told = scene.reports(epoch, 'fenced', 'ready', 'cleaned');
  const [survivingPool, survivingOwn] = await Promise.all([pools, owns, told]);
  pool = survivingPool;
  await serving(pool);
  await nothingLost(points, { own: survivingOwn, made });
  return survivingOwn;
}

/** A process that is killed at each of the points in turn; resolves with the one that is left alone at last. */
async function survivor(points: readonly string[], start: (point: string) => Promise<SceneHome>): Promise<SceneHome> {
  for (const point of points) {
    const { signal, output } = await (await start(point)).child.ended;
    if (signal !== 'SIGKILL') throw new Error(`${point} (seed ${seed}): ${output}`);
  }
  return start('');
}

async function agreed(epoch: number): Promise<void> {
  const reports = await scene.reports(epoch, 'drained', 'copied');
  expect(reports.get('copied')?.tables).toEqual(reports.get('drained')?.tables);
}

/** What was taken is what all homes counted, each its own, and what the limit stands at where it is served. */
async function nothingLost(points: Points, { own, made }: Out): Promise<void> {
  await load?.stop();
  expect({ failures: load?.failures, seed, points }).toEqual({ failures: [], seed, points });
  accepted += load?.accepted.size ?? 0;
  const home = served.previous?.homeId === scene.poolId ? own : pool;
  const body = {
    deploymentId: scene.deploymentId,
    action: 'financials:automated_billing',
    meter: 'droplet_hours',
    quantity: '1',
  };
  const answer = await eventually(async () => {
    const found = await scene.call(home.internalUrl, '/internal/gate/check', body);
    if (found.body['code'] === 'LIMIT.UNAVAILABLE') throw new Error(found.text);
    return found;
  }, WAIT);
  expect({ used: Number(answer.body['used']), seed, points }).toEqual({ used: accepted, seed, points });
  const counted = countedBefore + (await countedAt(scene.poolId)) + (await countedAt(made.home.homeId));
  expect({ counted, seed, points }).toEqual({ counted: accepted, seed, points });
}

async function countedAt(homeId: string): Promise<number> {
  const sql = `SELECT coalesce(sum(quantity), 0)::text AS total FROM usage_window WHERE meter = 'droplet_hours'`;
  const [row] = await scene.home<{ total: string }>(homeId, sql);
  return Number(row?.total);
}

/** That it answers, and knows its license; a token of another replica is as good. */
async function serving(home: SceneHome, issuer = home.url): Promise<void> {
  await eventually(async () => {
    const event = usageEvent(scene.deploymentId, { ...fresh(), time: '2026-01-01T00:00:00.000Z' });
    const { body, text } = await scene.callAs(issuer, home.url, '/api/v1/usage', event);
    const [item] = body['results'] as { code: string }[];
    if (item?.code !== 'USAGE.TOO_OLD') throw new Error(text);
  }, WAIT);
}

async function taken(home: SceneHome, point: string): Promise<void> {
  const event = usageEvent(scene.deploymentId, { ...fresh(), id: `after-${point}` });
  await eventually(async () => {
    const { status, text } = await scene.call(home.url, '/api/v1/usage', event);
    if (status !== 202) throw new Error(`${point} (seed ${seed}): ${text}`);
  }, WAIT);
  accepted += 1;
}

function placed(homeId: string, url: string, more: Partial<LicensePlacement> = {}): LicensePlacement {
  return { homeId, url, phase: 'serving', ...served, ...more };
}

function atPool(more: Partial<LicensePlacement> = {}): LicensePlacement {
  return placed(scene.poolId, scene.poolUrl, more);
}

function fresh() {
  return { id: 'probe', time: new SystemClock().now().toISOString(), quantity: '1', meter: 'droplet_hours' };
}

function ofMove(point: string): string {
  return `move.${point}`;
}

/** So many of them, by the seed, in their order. */
function pick(points: readonly string[], count: number): string[] {
  const chosen = new Set<string>();
  while (chosen.size < count) chosen.add(points[Math.floor(random() * points.length)] ?? '');
  return points.filter((point) => chosen.has(point));
}
