/** The story of the demo: golden bill 1, in dates and figures. */
export const scenario = {
  region: 'eu-1',
  period: '2026-04',
  /** 13:00 on 31 March in Brisbane: the tenant exists and is ready before its April begins at 14:00 UTC. */
  createdAt: '2026-03-31T03:00:00.000Z',
  /** 15:00 UTC on 30 April: an hour into Brisbane's May, so all of April has passed and its last hours may close. */
  monthIsOverAt: '2026-04-30T15:10:00.000Z',
  april: { from: '2026-03-31T14:00:00.000Z', to: '2026-04-30T14:00:00.000Z' },
  droplets: 3,
  hours: 720,
  dropletHours: '2160',
  bill: { subtotal: '64.22', tax: '6.42', total: '70.64' },
  lines: [
    { kind: 'plan_base', amount: '50.00' },
    { kind: 'addon', amount: '7.50' },
    { kind: 'overage', amount: '6.72' },
    { kind: 'tax', amount: '6.42' },
  ],
} as const;

export const meters = [
  { meter: 'droplet_hours', name: 'Droplet hours', unit: 'hour', aggregation: 'sum', authority: 'data' },
  { meter: 'api_calls', name: 'API calls', unit: 'call', aggregation: 'sum', authority: 'data' },
  { meter: 'storage_gb', name: 'Storage', unit: 'gigabyte', aggregation: 'last', authority: 'data' },
] as const;

export const storageAddon = {
  code: 'storage_50gb',
  name: 'Storage 50 GB',
  resourceKind: 'storage',
  currency: 'USD',
  price: { kind: 'flat', amount: '7.50' },
  grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
} as const;

export const gst = {
  country: 'AU',
  code: 'GST',
  name: 'GST 10 %',
  rate: '0.10',
  from: '2000-07-01',
  to: null,
} as const;

export const studioPlan = {
  code: 'studio',
  name: 'Studio',
  tier: 'standard',
  rank: 20,
  description: 'Three droplets around the clock fit twice over; more is billed by the hour.',
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
} as const;

export const acme = {
  slug: 'acme',
  name: 'Acme Pty Ltd',
  region: scenario.region,
  plan: { code: 'studio' },
  addons: [{ code: 'storage_50gb', quantity: '1' }],
  requirements: {
    compliance: [],
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
    taxId: null,
    payByInvoice: true,
    locale: 'en-AU',
  },
} as const;

/** One event per droplet and hour of the local April: real input, 2,160 of them. */
export function dropletHourEvents(deploymentId: string): UsageEvent[] {
  const from = Date.parse(scenario.april.from);
  return Array.from({ length: scenario.hours }, (_, hour) => new Date(from + hour * 3_600_000 + 1_800_000)).flatMap(
    (time) =>
      Array.from({ length: scenario.droplets }, (_, droplet) => ({
        specversion: '1.0' as const,
        id: `droplet-${droplet + 1}-${time.toISOString().slice(0, 13)}`,
        source: '/regions/eu-1/scheduler',
        type: 'dev.biplane.usage' as const,
        time: time.toISOString(),
        subject: deploymentId,
        data: { meter: 'droplet_hours', quantity: '1' },
      })),
  );
}

export interface UsageEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: 'dev.biplane.usage';
  readonly time: string;
  readonly subject: string;
  readonly data: { readonly meter: string; readonly quantity: string };
}

/** Out of order, and every tenth event once more: what a retrying submitter sends. The order is the same in each run. */
export function hostileOrder(events: readonly UsageEvent[]): UsageEvent[] {
  const repeated = [...events, ...events.filter((_, index) => index % 10 === 0)];
  const stride = 997; // Prime, and no divisor of the length: every index is met once.
  return Array.from(
    { length: repeated.length },
    (_, step) => repeated[(step * stride) % repeated.length] as UsageEvent,
  );
}
