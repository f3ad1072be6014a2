import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idOf, waitFor } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { insertRollupTenants, publishRollupPlan } from '../../testing/rollup-scene.js';
import type { RollupDto } from './rollup.dto.js';
import { RollupJobs } from './rollup.jobs.js';

/** Each with the hour of 1 May, UTC, from which its April is over. */
const ZONES = [
  ['Pacific/Kiritimati', 3],
  ['Australia/Brisbane', 3],
  ['UTC', 3],
  ['America/New_York', 4],
  ['America/Los_Angeles', 7],
  ['Pacific/Pago_Pago', 11],
] as const;
/** Of the home that falls silent. */
const SILENT = [101, 102, 103] as const;
const silentHome = '00000000-0000-4000-b000-0000000000aa';

let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt: '2026-05-01T02:00:00.000Z' });
  await publishRollupPlan(suite.admin);
  for (const [index, [zone]] of ZONES.entries()) {
    await insertRollupTenants(suite.postgres, { first: index + 1, count: 1, timeZones: [zone] });
  }
  const closed = { from: '2026-03-31T00:00:00Z', to: '2026-04-30T20:00:00Z' };
  await insertRollupTenants(suite.postgres, { first: SILENT[0], count: SILENT.length, homeId: silentHome, closed });
});
afterAll(async () => {
  await suite?.close();
});

async function at(instant: string): Promise<void> {
  suite.core.setClock(instant);
  await waitFor('the clock', async () => {
    const { now } = (await suite.admin.expect(200, 'GET', '/version')) as { now: string };
    return Math.abs(Date.parse(now) - Date.parse(instant)) < 60_000;
  });
}

/** What the job does at that instant. */
async function turn(instant: string): Promise<void> {
  await at(instant);
  await suite.core.app.get(RollupJobs).turn(new Date(instant));
  // The service's own job may have been first, or begins what this turn did not: one run at a time, and one that was put off
  // is due a moment after the hour.
  const open = () =>
    suite.postgres.query(
      `SELECT state FROM rollup_run WHERE state = 'running' UNION ALL SELECT 'due' FROM rollup_month WHERE next_due_at <= $1::timestamptz + interval '10 seconds'`,
      [instant],
    );
  await waitFor('the turn to be taken and its run to end', async () => (await open()).length === 0);
}

interface Invoiced {
  readonly tenantId: string;
  readonly provisional: boolean;
}

function invoiced(period = '2026-04'): Promise<Invoiced[]> {
  return suite.postgres.query<Invoiced>(
    `SELECT tenant_id AS "tenantId", provisional FROM invoice WHERE period = $1 AND status <> 'void' ORDER BY sequence`,
    [period],
  );
}

const silent = async () =>
  (await invoiced()).filter(({ tenantId }) => SILENT.some((n) => tenantId === idOf('tenant', n)));
const hour = (hours: number) =>
  `2026-05-${String(1 + Math.floor(hours / 24)).padStart(2, '0')}T${String(hours % 24).padStart(2, '0')}:00:00.000Z`;

describe('the roll-up by its schedule', () => {
  it('invoices each tenant when its own month has ended, from Kiritimati to Pago Pago', async () => {
    const first = new Map<string, number>();
    for (let hours = 2; hours <= 12; hours += 1) {
      await turn(hour(hours));
      for (const { tenantId } of await invoiced()) if (!first.has(tenantId)) first.set(tenantId, hours);
    }
    expect(ZONES.map(([zone], index) => [zone, first.get(idOf('tenant', index + 1))])).toEqual(
      ZONES.map((each) => [...each]),
    );
    const { data } = (await suite.admin.expect(200, 'GET', '/api/v1/admin/billing/rollups?period=2026-04')) as {
      data: RollupDto[];
    };
    // From 03:00 to 12:00, one run an hour.
    expect(data).toHaveLength(10);
    expect(data[0]).toMatchObject({ trigger: 'schedule', state: 'succeeded', issued: 0, waiting: SILENT.length });
  });

  it('D22: a home that is silent is waited for until the cut-off, then its tenants are billed provisionally', async () => {
    for (let hours = 13; hours <= 23; hours += 5) await turn(hour(hours));
    await turn(hour(23));
    expect(await silent()).toEqual([]);
    await turn(hour(24));
    expect(await silent()).toEqual(SILENT.map((n) => ({ tenantId: idOf('tenant', n), provisional: true })));
  });

  it('D22: what the home tells then is trued up on the next invoice, as a line of its true period or as a credit note', async () => {
    const [more, less, same] = SILENT.map((n) => idOf('deployment', n));
    await retell(more!, 'droplet_hours', 1_000);
    await retell(less!, 'droplet_hours', -100);
    await closeAll();
    await turn('2026-06-01T03:00:00.000Z');
    const lines = await suite.postgres.query<{ deployment: string; quantity: string; amount: string; at: string }>(
      `SELECT l.deployment_id AS deployment, trim_scale(l.quantity)::text AS quantity, l.amount_minor::text AS amount,
              to_char(l.period_from AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS at
         FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
        WHERE i.period = '2026-05' AND l.kind = 'adjustment' AND l.deployment_id = ANY($1::uuid[])`,
      [[more, less, same]],
    );
    expect(lines).toEqual([{ deployment: more, quantity: '1000', amount: '1000', at: '2026-04-01' }]);
    const notes = await suite.postgres.query<{ tenantId: string; subtotal: string; cause: string }>(
      `SELECT tenant_id AS "tenantId", subtotal_minor::text AS subtotal, cause FROM credit_note`,
    );
    expect(notes).toEqual([{ tenantId: idOf('tenant', SILENT[1]), subtotal: '100', cause: 'late_usage' }]);
    const provisional = (await invoiced('2026-05')).filter((each) => each.provisional);
    expect(provisional).toEqual([]);
  });
});

/** A later revision of the window of a meter, which came after the invoice. */
async function retell(deploymentId: string, meter: string, difference: number): Promise<void> {
  await suite.postgres.query(
    `WITH told AS (
       UPDATE usage_window SET quantity = quantity + $3::numeric, revision = revision + 1, received_at = '2026-05-02T06:00:00Z'
        WHERE deployment_id = $1 AND meter = $2 RETURNING *)
     INSERT INTO tenant_usage_metric (id, tenant_id, deployment_id, meter, window_start, window_end, home_id, incarnation, revision,
       quantity, license_version, recorded_at)
     SELECT gen_random_uuid(), d.tenant_id, t.deployment_id, t.meter, t.window_start, t.window_end, t.home_id, t.incarnation,
            t.revision, t.quantity, t.license_version, t.received_at
       FROM told t JOIN deployment d ON d.id = t.deployment_id`,
    [deploymentId, meter, difference],
  );
}

async function closeAll(): Promise<void> {
  await suite.postgres.query(
    `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, received_at)
     SELECT $1::uuid, 1, h, 'eu-1', 1, 0, 'test', true, '2026-06-01T02:00:00Z'
       FROM generate_series('2026-04-30T20:00:00Z'::timestamptz, '2026-06-02T00:00:00Z', interval '1 hour') AS h`,
    [silentHome],
  );
}
