/** Bodies of the API by example: what suites create first. */
export const meters = [
  { meter: 'droplet_hours', name: 'Droplet hours', unit: 'hour', aggregation: 'sum', authority: 'data' },
  { meter: 'api_calls', name: 'API calls', unit: 'call', aggregation: 'sum', authority: 'data' },
  { meter: 'storage_gb', name: 'Storage', unit: 'GB', aggregation: 'last', authority: 'data' },
];

export const studio = {
  code: 'studio',
  name: 'Studio',
  tier: 'standard',
  rank: 20,
  description: 'For teams',
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
    modules: [
      {
        module: 'financials',
        features: ['automated_billing', 'statement_runs'],
        dailyPrice: null,
        limits: [{ meter: 'api_calls', cap: '100000', window: 'month', strategy: 'hard_block', warnAt: ['0.8', '1'] }],
      },
    ],
    meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
    featureFlags: { beta_reports: true },
    dedicatedCompute: false,
  },
};

export const storageAddon = {
  code: 'storage_50gb',
  name: 'Storage 50 GB',
  resourceKind: 'storage',
  currency: 'USD',
  price: { kind: 'flat', amount: '7.50' },
  grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
};

export const gst = { country: 'AU', code: 'GST', name: 'GST 10 %', rate: '0.10', from: '2000-07-01', to: null };

export function regionBody(homeId: string) {
  return {
    residency: 'eu',
    pools: [{ homeId, url: 'http://127.0.0.1:41002' }],
    thresholds: { members: 500, storageGb: '500', requestsPerDay: '1000000' },
    isolatingCompliance: ['hipaa', 'pci-dss'],
    domain: 'eu-1.example',
  };
}

export function tenantBody(slug: string, region: string) {
  return {
    slug,
    name: 'Acme Pty Ltd',
    region,
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

interface Api {
  expect(status: number, method: string, path: string, body?: unknown): Promise<unknown>;
}

/** Key, region, meters, plan, add-on and tax: what a tenant needs. */
export async function prepareCatalog(
  admin: Api,
  options: { region: string; homeId: string; key: unknown },
): Promise<void> {
  await admin.expect(201, 'POST', '/api/v1/licenses/keys', options.key);
  await admin.expect(200, 'PUT', `/api/v1/regions/${options.region}`, regionBody(options.homeId));
  for (const meter of meters) await admin.expect(201, 'POST', '/api/v1/catalog/meters', meter);
  await admin.expect(201, 'POST', '/api/v1/catalog/addons', storageAddon);
  await admin.expect(201, 'POST', '/api/v1/catalog/taxes', gst);
  await admin.expect(201, 'POST', '/api/v1/subscription/plans', studio);
  await admin.expect(200, 'POST', '/api/v1/subscription/plans/studio/versions/1/publish');
}
