import {
  emptyVersion,
  financialsModule,
  gst,
  ledgerModules,
  recordsMeter,
  storageAddon,
  studioMeters,
  studioPlan,
} from '@biplane/testing';
import type { E2eStack } from './stack.js';

const meterOf = (meter: string, aggregation: 'sum' | 'last', authority: 'data' | 'control') => ({
  meter,
  name: meter.replaceAll('_', ' '),
  unit: 'one',
  aggregation,
  authority,
});
const limitOf = (meter: string, cap: string, more: object = {}) => ({
  ...{ meter, cap, window: 'month', strategy: 'hard_block', warnAt: [] },
  ...more,
});
const moduleOf = (module: string, feature: string, ...limits: object[]) => ({
  ...{ module, features: [feature], dailyPrice: null, limits },
});

const search = moduleOf('search', 'full_text');
const seats = moduleOf('seats', 'assign', limitOf('seats', '40', { window: null }));
const imports = moduleOf('imports', 'run', limitOf('imported_gb', '1', { strategy: 'queue' }));

/** One with a module that Studio lacks, to tell two tenants apart, and with something to hold and to wait for. */
const atelierPlan = {
  ...studioPlan,
  code: 'atelier',
  name: 'Atelier',
  rank: 30,
  version: { ...studioPlan.version, modules: [financialsModule, search, seats, imports] },
};

/** One with members, and a ledger for what they owe. */
const guildPlan = {
  ...studioPlan,
  code: 'guild',
  name: 'Guild',
  rank: 25,
  version: { ...studioPlan.version, modules: ledgerModules },
};

/** One limit of each kind, small enough to be reached: hard ones in both planes, a throttle, overage. */
const boundedPlan = {
  code: 'bounded',
  name: 'Bounded',
  tier: 'standard',
  rank: 5,
  description: 'Forty of everything.',
  version: {
    ...emptyVersion,
    modules: [
      seats,
      moduleOf('exports', 'run', limitOf('exports', '40')),
      moduleOf('bursts', 'run', limitOf('bursts', '5', { strategy: 'throttle', rate: { perSecond: '0.1', burst: 1 } })),
      moduleOf('extras', 'run', limitOf('extras', '10', { strategy: 'overage_charge' })),
    ],
    meters: [{ meter: 'extras', included: '10', price: { kind: 'per_unit', unitPrice: '0.01' } }],
  },
};
const boundedMeters = [
  meterOf('seats', 'last', 'control'),
  meterOf('imported_gb', 'sum', 'control'),
  meterOf('exports', 'sum', 'data'),
  meterOf('bursts', 'sum', 'data'),
  meterOf('extras', 'sum', 'data'),
];

/** What is sold in these suites. The first suite of a run authors it, the others find it there. */
export async function authorCatalog({ core }: E2eStack): Promise<void> {
  const author = async (path: string, body: unknown) => {
    const { status, body: answer } = await core.post(path, body);
    if (![201, 409, 422].includes(status)) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return status === 201;
  };
  for (const meter of [...studioMeters, recordsMeter, ...boundedMeters]) await author('/api/v1/catalog/meters', meter);
  await author('/api/v1/catalog/addons', storageAddon);
  await author('/api/v1/catalog/taxes', gst);
  for (const plan of [studioPlan, guildPlan, atelierPlan, boundedPlan]) {
    if (!(await author('/api/v1/subscription/plans', plan))) continue;
    await core.expect(200, 'POST', `/api/v1/subscription/plans/${plan.code}/versions/1/publish`);
  }
}
