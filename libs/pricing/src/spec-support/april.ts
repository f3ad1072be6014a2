import { orThrow } from '@biplane/kernel';
import { toBillJson, type BillJson } from '../bill-json.js';
import { parseBillRequest } from '../parse-request.js';
import { priceBill } from '../price-bill.js';
import type { BillRequest, DeploymentRequest, MeterRequest } from '../request.js';

// What the tables of bills have in common: April 2026 in UTC, thirty days, one deployment, so that a row says only why it is there.

export const april = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };

/** `at(10, 12)` is noon of the tenth. */
export function at(day: number, hour = 0): Date {
  return new Date(Date.UTC(2026, 3, day, hour));
}

/** The days, both inclusive. */
export function days(first: number, last: number): { from: Date; to: Date } {
  return { from: at(first), to: at(last + 1) };
}

/** Active all month, on a plan of 30.00 USD: a dollar a day. */
export function deployment(plan: object = {}, more: object = {}): DeploymentRequest {
  return {
    ref: 'web',
    plan: { code: 'p', name: 'P' },
    planVersion: { currency: 'USD', baseFee: '30.00', ...plan },
    active: [{ from: april.from, to: null }],
    ...more,
  };
}

/** One meter without a base fee. */
export function metered(meter: Omit<MeterRequest, 'meter'>, used: string, more: object = {}): DeploymentRequest {
  const plan = { baseFee: '0', meters: [{ meter: 'units', ...meter }] };
  return deployment(plan, { usage: { units: used }, ...more });
}

export function billOf(
  deployments: DeploymentRequest | DeploymentRequest[],
  more: Partial<BillRequest> = {},
): BillJson {
  const list = [deployments].flat();
  const currency = list[0]!.planVersion.currency;
  const request = { currency, timeZone: 'UTC', period: april, deployments: list, ...more };
  return toBillJson(priceBill(orThrow(parseBillRequest(request))));
}

/** Each line that comes to something, by its identity: `plan_base/p 30.00`. */
export function amounts(bill: BillJson): string[] {
  const owed = bill.lines.filter(({ amount }) => /[1-9]/.test(amount.amount));
  return owed.map(({ id, amount }) => `${id.replace('web/', '')} ${amount.amount}`);
}
