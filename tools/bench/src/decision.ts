import { decide, LicenseTable, type CounterReading, type Decision, type LicenseClaims } from '@biplane/licensing';
import type { Benchmark, Finding } from './benchmark.js';
import {
  bitsOf,
  actions,
  checksPerTurn,
  deployments,
  homeId,
  idOf,
  licenseOf,
  nowMs,
  questions,
  type Question,
} from './decision-scene.js';
import { compareFastest, timedByProcessor, type Turn } from './rounds.js';

const rounds = 80;
const asOf = new Date(nowMs);
const meter = 'api_calls';
const reading: CounterReading = {
  meter,
  window: 'month',
  used: '41234',
  asOf,
  windowEndsAt: new Date('2026-05-01T00:00:00Z'),
};

/** The decision over 10,000 licenses, beside the least that could answer, and beside what one would write first. */
export const decision: Benchmark = {
  name: 'decision',
  async run(): Promise<readonly Finding[]> {
    const scene = newScene();
    insistEqual(scene);
    const oracle = `${checksPerTurn} answers equal to the bits, and to decide() on the document`;
    const table = { subject: 'LicenseTable.decide: state by date, module and feature, its full Decision', oracle };
    const [bits, counted, sets] = [
      await compareFastest(
        rounds,
        () => turn(scene.asked, scene.byBits),
        () => turn(scene.asked, scene.byTable),
      ),
      await compareFastest(
        rounds,
        () => turn(scene.asked, scene.byBits),
        () => turn(scene.asked, scene.counted),
      ),
      await compareFastest(
        rounds,
        () => turn(scene.asked, scene.bySets),
        () => turn(scene.asked, scene.byTable),
      ),
    ];
    return [
      { name: 'decision without a meter', baseline: 'Map.get and a bit', ...table, goal: 2, ...bits },
      {
        name: 'decision with one counted limit',
        baseline: 'Map.get and a bit',
        subject: 'LicenseTable.decideCounted: the same with a count, used, remaining, thresholds',
        oracle,
        goal: 3.5,
        ...counted,
      },
      {
        name: 'decision beside a Set per tenant',
        baseline: 'Map.get, its dates, Set.has, a result object',
        ...table,
        goal: 0.25,
        ...sets,
      },
    ];
  },
};

type Asked = Question;

interface Scene {
  readonly claims: ReadonlyMap<string, LicenseClaims>;
  readonly asked: readonly Asked[];
  readonly table: LicenseTable;
  readonly byBits: (asked: Asked) => boolean;
  readonly byTable: (asked: Asked) => boolean;
  readonly counted: (asked: Asked) => boolean;
  readonly bySets: (asked: Asked) => boolean;
}

function newScene(): Scene {
  const indices = Array.from({ length: deployments }, (_, index) => index);
  const claims = new Map<string, LicenseClaims>(indices.map((index) => [idOf(index), licenseOf(index)]));
  const bits = new Map(indices.map((index) => [idOf(index), bitsOf(index)]));
  const sets = new Map(indices.map((index) => [idOf(index), tenantOf(index)]));
  const table = new LicenseTable(homeId);
  for (const license of claims.values()) table.put(license);
  return {
    claims,
    asked: questions(),
    byBits: ({ deploymentId, bit }: Asked) => ((bits.get(deploymentId) as number) & bit) !== 0,
    byTable: ({ deploymentId, action }: Asked) => table.decide(deploymentId, action, nowMs).isAllowed,
    counted: ({ deploymentId, action }: Asked) =>
      (table.decideCounted({ deploymentId, action, meter, quantity: '1' }, reading, nowMs) as Decision).isAllowed,
    bySets: ({ deploymentId, action }: Asked) => bySet(sets.get(deploymentId), action).isAllowed,
    table,
  };
}

function turn(asked: readonly Asked[], answer: (asked: Asked) => boolean): Turn {
  let allowed = 0;
  const measured = timedByProcessor(asked.length, () => {
    for (const each of asked) if (answer(each)) allowed += 1;
  });
  if (allowed === 0) throw new Error('decision: nothing was ever allowed');
  return measured;
}

function insistEqual({ asked, byBits, byTable, counted, bySets, claims, table }: Scene): void {
  const wrong = asked.filter((each) => {
    const { deploymentId, action } = each;
    const license = claims.get(deploymentId);
    const expected = decide({ license, deploymentId, homeId, action, now: asOf });
    const answers = [byTable, counted, bySets].map((answer) => answer(each));
    const isSame = JSON.stringify(table.decide(deploymentId, action, nowMs)) === JSON.stringify(expected);
    const ofUse = decide({ license, deploymentId, homeId, action, now: asOf, meter, readings: [reading] });
    const byCount = table.decideCounted({ deploymentId, action, meter, quantity: '1' }, reading, nowMs);
    if (JSON.stringify(byCount) !== JSON.stringify(ofUse)) return true;
    return !isSame || answers.some((answer) => answer !== byBits(each));
  });
  if (wrong.length > 0) throw new Error(`decision: ${wrong.length} of ${asked.length} answers differ`);
}

interface Tenant {
  readonly status: string;
  readonly startsAt: Date;
  readonly expiresAt: Date;
  readonly version: number;
  readonly features: ReadonlySet<string>;
}

function tenantOf(index: number): Tenant {
  const { status, startsAt, exp, version } = licenseOf(index);
  const features = new Set<string>(actions.filter((_, which) => (bitsOf(index) & (1 << which)) !== 0));
  return { status, startsAt: new Date(startsAt), expiresAt: new Date(exp * 1000), version, features };
}

/** What one would write first: dates are Dates, and each answer is an object. */
function bySet(tenant: Tenant | undefined, action: string) {
  const isInForce =
    tenant !== undefined && tenant.status === 'active' && asOf >= tenant.startsAt && asOf < tenant.expiresAt;
  const isAllowed = isInForce && tenant.features.has(action);
  return { isAllowed, code: isAllowed ? null : 'NOT_LICENSED', licenseVersion: tenant?.version ?? null };
}
