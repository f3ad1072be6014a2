import type { E2eStack } from './stack.js';

const meters = [
  { meter: 'droplet_hours', name: 'Droplet hours', unit: 'hour', aggregation: 'sum', authority: 'data' },
  { meter: 'api_calls', name: 'API calls', unit: 'call', aggregation: 'sum', authority: 'data' },
  { meter: 'storage_gb', name: 'Storage', unit: 'gigabyte', aggregation: 'last', authority: 'data' },
];

const storageAddon = {
  code: 'storage_50gb',
  name: 'Storage 50 GB',
  resourceKind: 'storage',
  currency: 'USD',
  price: { kind: 'flat', amount: '7.50' },
  grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
};

const gst = { country: 'AU', code: 'GST', name: 'GST 10 %', rate: '0.10', from: '2000-07-01', to: null };

const financials = {
  module: 'financials',
  features: ['automated_billing', 'statement_runs'],
  dailyPrice: null,
  limits: [{ meter: 'api_calls', cap: '100000', window: 'month', strategy: 'hard_block', warnAt: ['0.8', '1'] }],
};
const search = { module: 'search', features: ['full_text'], dailyPrice: null, limits: [] };

const planOf = (code: string, rank: number, modules: readonly object[]) => ({
  code,
  name: code === 'studio' ? 'Studio' : 'Atelier',
  tier: 'standard',
  rank,
  description: 'Droplets by the hour',
  version: {
    currency: 'USD',
    interval: 'month',
    proration: 'day',
    trialDays: 0,
    cutoffHours: 24,
    baseFee: '50.00',
    setupFee: '0.00',
    minimumCommitment: null,
    maximum: null,
    modules,
    meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
    featureFlags: { beta_reports: true },
    dedicatedCompute: false,
  },
});

/** Golden bill 1's plan, and one with a module that it lacks, to tell two tenants apart. */
const plans = [planOf('studio', 20, [financials]), planOf('atelier', 30, [financials, search])];

/** What is sold in these suites. The first suite of a run authors it, the others find it there. */
export async function authorCatalog({ core }: E2eStack): Promise<void> {
  const author = async (path: string, body: unknown) => {
    const { status, body: answer } = await core.post(path, body);
    if (![201, 409, 422].includes(status)) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return status === 201;
  };
  for (const meter of meters) await author('/api/v1/catalog/meters', meter);
  await author('/api/v1/catalog/addons', storageAddon);
  await author('/api/v1/catalog/taxes', gst);
  for (const plan of plans) {
    if (!(await author('/api/v1/subscription/plans', plan))) continue;
    await core.expect(200, 'POST', `/api/v1/subscription/plans/${plan.code}/versions/1/publish`);
  }
}
