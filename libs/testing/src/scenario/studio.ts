/** Golden bill 1 as bodies of the API: what is sold, and a tenant that buys it. One story for suites, demo and benchmarks. */

export const studioMeters = [
  { meter: 'droplet_hours', name: 'Droplet hours', unit: 'hour', aggregation: 'sum', authority: 'data' },
  { meter: 'api_calls', name: 'API calls', unit: 'call', aggregation: 'sum', authority: 'data' },
  { meter: 'storage_gb', name: 'Storage', unit: 'gigabyte', aggregation: 'last', authority: 'data' },
];

export const storageAddon = {
  code: 'storage_50gb',
  name: 'Storage 50 GB',
  resourceKind: 'storage',
  currency: 'USD',
  price: { kind: 'flat', amount: '7.50' },
  grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
};

export const gst = { country: 'AU', code: 'GST', name: 'GST 10 %', rate: '0.10', from: '2000-07-01', to: null };

/** A plan version of nothing: what a plan of a suite does not say. */
export const emptyVersion = {
  currency: 'USD',
  interval: 'month',
  proration: 'day',
  trialDays: 0,
  cutoffHours: 24,
  baseFee: '0.00',
  setupFee: '0.00',
  minimumCommitment: null as string | null,
  maximum: null as string | null,
  modules: [] as readonly object[],
  meters: [] as readonly object[],
  featureFlags: {} as Record<string, boolean>,
  dedicatedCompute: false,
};

export const financialsModule = {
  module: 'financials',
  features: ['automated_billing', 'statement_runs'],
  dailyPrice: null,
  limits: [{ meter: 'api_calls', cap: '100000', window: 'month', strategy: 'hard_block', warnAt: ['0.8', '1'] }],
};

/** The same with a ledger for what members owe, and members: what a tenant bills its own people with. */
export const ledgerModules = [
  { ...financialsModule, features: ['ledger', ...financialsModule.features] },
  {
    module: 'members',
    features: ['records'],
    dailyPrice: null,
    limits: [{ meter: 'records', cap: '50', window: null, strategy: 'hard_block', warnAt: [] }],
  },
];

/** What the limit of members is counted in. */
export const recordsMeter = {
  meter: 'records',
  name: 'Members',
  unit: 'member',
  aggregation: 'last',
  authority: 'data',
};

export const studioPlan = {
  code: 'studio',
  name: 'Studio',
  tier: 'standard',
  rank: 20,
  description: 'Three droplets around the clock fit twice over; more is billed by the hour.',
  version: {
    ...emptyVersion,
    baseFee: '50.00',
    modules: [financialsModule],
    meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
    featureFlags: { beta_reports: true },
  },
};

/** Who pays 70.64 USD for 2,160 droplet hours in a month. */
export function acmeTenant(changes: { readonly slug: string; readonly region: string; readonly name?: string }) {
  return {
    name: 'Acme Pty Ltd',
    ...changes,
    plan: { code: 'studio' },
    addons: [{ code: 'storage_50gb', quantity: '1' }],
    requirements: {
      compliance: [] as string[],
      residency: 'eu',
      expectedMembers: 50,
      expectedStorageGb: '10',
      expectedRequestsPerDay: '10000',
      dedicated: false,
    },
    admin: { email: 'ops@acme.example', name: 'Ops' },
    billing: {
      currency: 'USD',
      timeZone: 'Australia/Brisbane',
      country: 'AU',
      taxId: null as string | null,
      payByInvoice: true,
      locale: 'en-AU',
    },
  };
}

interface Administrator {
  expect(status: number, method: string, path: string, body?: unknown): Promise<unknown>;
}

/** Publishes a plan of one version, as its administrator would. */
export async function publishPlan(core: Administrator, plan: { readonly code: string }): Promise<void> {
  await core.expect(201, 'POST', '/api/v1/subscription/plans', plan);
  await core.expect(200, 'POST', `/api/v1/subscription/plans/${plan.code}/versions/1/publish`);
}
