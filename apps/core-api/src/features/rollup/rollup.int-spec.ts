import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idOf, waitFor } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { insertRollupTenants, publishRollupPlan } from '../../testing/rollup-scene.js';
import type { RollupDto } from './rollup.dto.js';

const TENANTS = 620;
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt: '2026-05-02T12:00:00.000Z', clients: { guest: ['platform:read'] } });
  await publishRollupPlan(suite.admin);
  await insertRollupTenants(suite.postgres, { count: TENANTS });
});
afterAll(async () => {
  await suite?.close();
});

const rollup = async (query: string, status = 200) =>
  (await suite.admin.expect(status, 'POST', `/api/v1/admin/billing/rollup?${query}`)) as RollupDto;

describe('the roll-up of a month', () => {
  it('a dry run computes everything, tells the totals, and stores nothing', async () => {
    const started = performance.now();
    const dry = await rollup('period=2026-04&dryRun=true');
    console.log(dry, performance.now() - started);
    expect(dry).toMatchObject({ id: null, dryRun: true, tenants: TENANTS, issued: TENANTS, skipped: 0, parked: [] });
  });

  it('issues each tenant its invoice, and the second run issues none', async () => {
    const started = performance.now();
    const first = await rollup('period=2026-04');
    console.log(first, performance.now() - started);
    const second = await rollup('period=2026-04');
    expect(second).toMatchObject({ tenants: TENANTS, issued: 0, skipped: TENANTS });
  });
});
