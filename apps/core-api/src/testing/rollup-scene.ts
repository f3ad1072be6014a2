import { randomUUID } from 'node:crypto';
import {
  insertManyMonths,
  insertManyTenants,
  meteredMeters,
  meteredPlan,
  publishPlan,
  type ServiceClient,
  type TestPostgres,
} from '@biplane/testing';

export interface RollupScene {
  readonly count: number;
  readonly first?: number;
  readonly timeZones?: readonly string[];
  readonly homeId?: string;
  /** Hours that the home has closed; April and May by default. */
  readonly closed?: { readonly from: string; readonly to: string };
}

/** The catalog of the plan; once a database. */
export async function publishRollupPlan(admin: ServiceClient): Promise<void> {
  for (const meter of meteredMeters.slice(1)) {
    const body = { meter, name: meter, unit: 'unit', aggregation: 'sum', authority: 'data' };
    await admin.expect(201, 'POST', '/api/v1/catalog/meters', body);
  }
  await publishPlan(admin, meteredPlan);
}

/** Tenants of that plan, with their usage of April 2026; their ids follow from their numbers. */
export async function insertRollupTenants(postgres: TestPostgres, scene: RollupScene): Promise<void> {
  const { timeZones = ['UTC'], homeId = randomUUID(), closed = APRIL_AND_MAY } = scene;
  const region = 'eu-1';
  const tenants = { ...scene, homeId, region, plan: { code: 'metered', version: 1 }, timeZones, readyAt: READY_AT };
  await insertManyTenants(postgres.query, tenants);
  const months = { homeId, region, meters: meteredMeters, usedAt: [USED_AT], closed, recordedAt: USED_AT };
  await insertManyMonths(postgres.query, tenants, months);
}

const READY_AT = '2026-01-01T00:00:00Z';
const USED_AT = '2026-04-10T12:00:00Z';
/** Beyond both ends, whatever the zone. */
const APRIL_AND_MAY = { from: '2026-03-31T00:00:00Z', to: '2026-06-02T00:00:00Z' };
