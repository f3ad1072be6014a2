import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { hourOf, type Period } from '@biplane/billing-calendar';
import { addDecimal, compareDecimal, decimalToString, orThrow, parseDecimal, ZERO_DECIMAL } from '@biplane/kernel';
import { parseDeploymentId, parseHomeId, parseMeterCode } from '@biplane/kernel';
import type { UnitOfWork } from '@biplane/service-kit';
import { seededRandom, seedOfRun, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { BilledUsageStore } from './billed-usage.store.js';
import { UsageStore, type CountedWindow } from './usage.store.js';

const AGGREGATIONS = ['sum', 'peak', 'last'] as const;
const april: Period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };
const billed = new BilledUsageStore();
let postgres: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.drop();
});

type Window = Pick<
  CountedWindow,
  'meter' | 'aggregation' | 'windowStart' | 'homeId' | 'quantity' | 'licenseVersion' | 'lastAt'
>;

/** A deployment that used what the windows say. */
async function deploymentWith(windows: readonly Window[]) {
  const deploymentId = orThrow(parseDeploymentId(randomUUID()));
  const counted = windows.map((window): CountedWindow => {
    const { from, to } = hourOf(window.windowStart);
    const own = { tenantId: randomUUID(), deploymentId, windowEnd: to, hour: from, incarnation: 1, revision: 1 };
    return { ...own, closed: false, ...window };
  });
  const ids = counted.map(() => randomUUID());
  await unitOfWork.run((tx) => new UsageStore().raise(tx, counted, ids, new Date('2026-05-02T00:00:00Z')));
  const of = (meters: readonly string[], period = april) =>
    billed.folded(unitOfWork.reader, [{ deploymentId, meters, period }]).then(([usage]) => usage!);
  return { deploymentId, of };
}

const home = () => orThrow(parseHomeId(randomUUID()));
const decimalOf = (text: string) => orThrow(parseDecimal(text, { maxDigits: 42 }));

/** What each aggregation means, window by window. */
function meant(windows: readonly Window[]): string {
  const quantities = windows.map(({ quantity }) => decimalOf(quantity));
  const sum = (of: typeof quantities) => of.reduce(addDecimal, ZERO_DECIMAL);
  const latest = Math.max(...windows.map(({ windowStart }) => +windowStart));
  const ofLatest = windows.filter(({ windowStart }) => +windowStart === latest);
  const greatest = quantities.reduce((a, b) => (compareDecimal(a, b) > 0 ? a : b), ZERO_DECIMAL);
  const takenAt = ({ lastAt }: Window) => lastAt?.getTime() ?? -Infinity;
  const read = [...ofLatest].sort(
    (a, b) => takenAt(b) - takenAt(a) || compareDecimal(decimalOf(b.quantity), decimalOf(a.quantity)),
  );
  const folded = { sum: sum(quantities), peak: greatest, last: decimalOf(read[0]!.quantity) };
  return decimalToString(folded[windows[0]!.aggregation]);
}

describe('what a meter comes to over a period', () => {
  const seed = seedOfRun();
  it(`is what its windows are folded to, whatever homes counted them and in any order (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const homes = [home(), home()];
    const windows = AGGREGATIONS.flatMap((aggregation) =>
      homes.flatMap((homeId) =>
        Array.from({ length: 30 }, (_, hour): Window => ({
          meter: orThrow(parseMeterCode(`m_${aggregation}`)),
          aggregation,
          homeId,
          windowStart: new Date(+april.from + (hour * 20 + Math.floor(random() * 4)) * 3_600_000),
          quantity: `${Math.floor(random() * 1e12)}.${String(Math.floor(random() * 1e12)).padStart(12, '0')}`,
          licenseVersion: random() < 0.2 ? null : 1 + Math.floor(random() * 9),
          ...(random() < 0.8 && { lastAt: new Date(+april.from + Math.floor(random() * 3) * 60_000) }),
        })),
      ),
    ).filter(() => random() < 0.9);
    const meters = AGGREGATIONS.map((aggregation) => `m_${aggregation}`);
    const { of } = await deploymentWith(windows);
    const expected = [...meters].sort().map((meter) => {
      const own = windows.filter((window) => window.meter === meter);
      const versions = own.flatMap(({ licenseVersion }) => licenseVersion ?? []);
      return { meter, quantity: meant(own), licenseVersion: Math.max(...versions) };
    });
    expect(await of(meters)).toEqual(expected);
  });

  it('belongs to the period in which its window begins, and to each one that is asked for by itself', async () => {
    const meter = orThrow(parseMeterCode('droplet_hours'));
    const at = (windowStart: Date, quantity: string): Window => {
      return { meter, aggregation: 'sum', homeId: home(), windowStart, quantity, licenseVersion: null };
    };
    const { deploymentId } = await deploymentWith([
      at(new Date(+april.from - 3_600_000), '1'),
      at(april.from, '2'),
      at(april.to, '4'),
    ]);
    const march = { from: new Date('2026-03-01T00:00:00Z'), to: april.from };
    const wanted = [march, april, april].map((period) => ({ deploymentId, meters: [meter, 'unused'], period }));
    const found = await billed.folded(unitOfWork.reader, wanted);
    expect(found.map(([usage]) => usage)).toEqual([
      { meter, quantity: '1', licenseVersion: null },
      { meter, quantity: '2', licenseVersion: null },
      { meter, quantity: '2', licenseVersion: null },
    ]);
  });

  it('is absent where nothing was used, or nothing is asked for', async () => {
    const { of } = await deploymentWith([]);
    expect([await of(['droplet_hours']), await of([])]).toEqual([[], []]);
  });
});
