import { calendarMonth } from '@biplane/billing-calendar';
import { orThrow } from '@biplane/kernel';
import { parseBillRequest, priceBill, toBillJson, type BillRequest } from '@biplane/pricing';
import type { MonthlyBill } from '../features/billing/index.js';
import { gst, studio } from './scenario.js';

/** A month of the studio as billing computes it, for suites of what is made of bills: no usage. */
export function madeBill(tenantName: string, month: string, over: Partial<BillRequest> = {}): MonthlyBill {
  const period = calendarMonth(month, 'UTC');
  const request = parseBillRequest({
    ...{ currency: 'USD', timeZone: 'UTC', period, taxes: [gst] },
    deployments: [
      {
        ref: DEPLOYMENT,
        plan: { code: 'studio' },
        planVersion: studio.version,
        active: [{ from: period.from, to: null }],
      },
    ],
    ...over,
  });
  const bill = priceBill(orThrow(request));
  return {
    bill,
    json: { ...toBillJson(bill), inputHash: '0'.repeat(64) },
    profile: { tenantName } as MonthlyBill['profile'],
    period,
    ...{ missingHours: [], cutoffHours: 24, deployments: 1, adjustments: 0, decreases: [] },
  };
}

const DEPLOYMENT = '019b0c41-1111-7111-8111-111111111111';
