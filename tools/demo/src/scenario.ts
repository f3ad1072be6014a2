import { acmeTenant, emptyVersion, ledgerModules, studioPlan } from '@biplane/testing';

/** The story of the demo: golden bill 1, in dates and figures. */
export const scenario = {
  region: 'eu-1',
  period: '2026-04',
  /** 13:00 on 31 March in Brisbane: the tenant exists and is ready before its April begins at 14:00 UTC. */
  createdAt: '2026-03-31T03:00:00.000Z',
  /** 15:00 UTC on 30 April: an hour into Brisbane's May, so all of April has passed and its last hours may close. */
  monthIsOverAt: '2026-04-30T15:10:00.000Z',
  /** Two hours before 30 April begins in Brisbane: by then licenses of March are over, and those of that day are not. */
  lastOfAprilAt: '2026-04-29T12:00:00.000Z',
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

/** The studio plan, with members and a ledger for what they owe. */
export const acmePlan = { ...studioPlan, version: { ...studioPlan.version, modules: ledgerModules } };

/** What the platform counts itself: nobody in a region sees all connectors of a tenant. */
export const controlMeters = [
  { meter: 'connectors', name: 'Connectors', unit: 'connector', aggregation: 'last', authority: 'control' },
  { meter: 'ingested_gb', name: 'Ingested data', unit: 'gigabyte', aggregation: 'sum', authority: 'control' },
] as const;

/** Ten connectors, not one more; fifty gigabytes a month, and what comes then waits for the next. */
export const standardPlan = {
  code: 'standard',
  name: 'Standard',
  tier: 'standard',
  rank: 10,
  description: 'Ten connectors and 50 GB a month.',
  version: {
    ...emptyVersion,
    baseFee: '20.00',
    modules: [
      {
        module: 'connectors',
        features: ['create'],
        dailyPrice: null,
        limits: [{ meter: 'connectors', cap: '10', window: null, strategy: 'hard_block', warnAt: [] }],
      },
      {
        module: 'ingestion',
        features: ['ingest'],
        dailyPrice: null,
        limits: [{ meter: 'ingested_gb', cap: '50', window: 'month', strategy: 'queue', warnAt: ['0.8'] }],
      },
    ],
  },
};

export const acme = acmeTenant({ slug: 'acme', region: scenario.region });

/** The second tenant: the one that meets its limits, and at the end loses its license. */
export const globex = {
  ...acmeTenant({ slug: 'globex', region: scenario.region, name: 'Globex Inc' }),
  plan: { code: 'standard' },
  addons: [],
};

/** The tenant whose compliance asks for a container of its own. */
export const umbrella = {
  ...acmeTenant({ slug: 'umbrella', region: scenario.region, name: 'Umbrella Health Pty Ltd' }),
  addons: [],
  requirements: { ...acme.requirements, compliance: ['hipaa'] },
};

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
