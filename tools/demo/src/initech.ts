import { acmeTenant, emptyVersion } from '@biplane/testing';
import { scenario, type UsageEvent } from './scenario.js';

/** The second chapter: a Swiss tenant with two deployments, whose May has everything that makes a bill hard. */

export const computeHours = {
  meter: 'compute_hours',
  name: 'Compute hours',
  unit: 'hour',
  aggregation: 'sum',
  authority: 'data',
};

export const vat = { country: 'CH', code: 'VAT', name: 'MWST 8,1 %', rate: '0.081', from: '2024-01-01', to: null };

/** Golden bill 5: 1,250.5 units are 10.00 + 72.00 + 12.53. */
const graduated = {
  kind: 'graduated',
  tiers: [
    { upTo: '100', unitPrice: '0.10' },
    { upTo: '1000', unitPrice: '0.08' },
    { upTo: null, unitPrice: '0.05' },
  ],
};

const planOf = (code: string, name: string, rank: number, baseFee: string) => ({
  code,
  name,
  tier: 'standard',
  rank,
  description: `${name}: compute by the hour, search by the day.`,
  version: {
    ...emptyVersion,
    currency: 'CHF',
    baseFee,
    modules: [{ module: 'search', features: ['full_text'], dailyPrice: '0.10', limits: [] }],
    meters: [{ meter: computeHours.meter, included: '0', price: graduated }],
  },
});

/** One franc a day in May. */
export const team = planOf('team', 'Team', 30, '31.00');
/** Two francs a day in May. */
export const business = planOf('business', 'Business', 40, '62.00');

export const initech = {
  ...acmeTenant({ slug: 'initech', region: scenario.region, name: 'Initech Zürich AG' }),
  plan: { code: team.code },
  addons: [],
  admin: { email: 'ops@initech.example', name: 'Ops' },
  billing: {
    currency: 'CHF',
    timeZone: 'Europe/Zurich',
    country: 'CH',
    taxId: null,
    payByInvoice: true,
    locale: 'de-CH',
  },
};

/** What happens when; Zurich is two hours ahead of UTC. */
export const may = {
  period: '2026-05',
  searchFor8Hours: ['2026-05-03T08:00:00.000Z', '2026-05-03T16:00:00.000Z'],
  searchFor3Days: ['2026-05-09T22:30:00.000Z', '2026-05-12T21:30:00.000Z'],
  /** On the 11th: ten days of Team, twenty-one of Business. */
  upgradeAt: '2026-05-11T08:00:00.000Z',
  /** From before midnight to after midnight: the seven days from the 18th to the 24th. */
  suspended: ['2026-05-17T21:50:00.000Z', '2026-05-24T22:10:00.000Z'],
  usedAt: '2026-05-20T12:00:00.000Z',
  usedLateAt: '2026-05-28T12:00:00.000Z',
  /** Two hours before 31 May begins in Brisbane. */
  lastAt: '2026-05-30T12:00:00.000Z',
  overAt: '2026-06-01T03:05:00.000Z',
  lines: [
    { deployment: 'web', kind: 'plan_base', amount: '10.00', why: 'Team, 10 of 31 days' },
    { deployment: 'web', kind: 'plan_base', amount: '42.00', why: 'Business, 21 of 31 days' },
    { deployment: 'web', kind: 'module_days', amount: '0.20', why: 'search on the 3rd and the 10th' },
    { deployment: 'web', kind: 'module_days', amount: '0.20', why: 'search on the 11th and the 12th' },
    { deployment: 'web', kind: 'overage', amount: '94.53', why: '1,250.5 compute hours, graduated' },
    { deployment: 'staging', kind: 'plan_base', amount: '24.00', why: 'Team, suspended for a week: 24 of 31 days' },
  ],
  subtotal: '170.93',
  tax: '13.85',
  total: '184.78',
} as const;

export const june = {
  period: '2026-06',
  /** Two hours before 30 June begins in Brisbane. */
  lastAt: '2026-06-29T12:00:00.000Z',
  overAt: '2026-07-01T03:05:00.000Z',
  /** Ten more hours of May at 0.05: a line of its own on June's invoice. */
  late: '0.50',
  subtotal: '93.50',
  tax: '7.57',
  total: '101.07',
} as const;

export const hoursOf = (deploymentId: string, id: string, time: string, quantity: string): UsageEvent => ({
  specversion: '1.0',
  id,
  source: '/regions/eu-1/scheduler',
  type: 'dev.biplane.usage',
  time,
  subject: deploymentId,
  data: { meter: computeHours.meter, quantity },
});
