/** Tenants by SQL, for suites and benchmarks that need more of them than an API makes in their time. */
export interface ManyTenants {
  readonly count: number;
  /** The number of the first; ids follow from numbers, so that two databases can hold the same tenants. */
  readonly first?: number;
  readonly homeId: string;
  readonly region: string;
  readonly plan: { readonly code: string; readonly version: number };
  /** Tenants take turns. */
  readonly timeZones: readonly string[];
  /** When all began and were ready. */
  readonly readyAt: string;
}

export interface ManyMonths {
  readonly homeId: string;
  readonly region: string;
  readonly meters: readonly string[];
  /** Of each month the instant of its one window of usage. */
  readonly usedAt: readonly string[];
  /** Hours that the home has closed. */
  readonly closed: { readonly from: string; readonly to: string };
  readonly recordedAt: string;
}

type Query = (sql: string, values?: unknown[]) => Promise<unknown>;

/** What tells the kinds of ids apart. */
const KIND = { tenant: '8000', deployment: '9000', subscription: 'a000' };

const id = (kind: keyof typeof KIND, n: string): string =>
  `('00000000-0000-4000-${KIND[kind]}-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

export function idOf(kind: keyof typeof KIND, n: number): string {
  return `00000000-0000-4000-${KIND[kind]}-${n.toString(16).padStart(12, '0')}`;
}

/**
 * One deployment each, ready from the start, in Australia and billed in USD. The plan is published before. Nothing else is
 * there: no license, and no period that would have to be renewed.
 */
export async function insertManyTenants(query: Query, scene: ManyTenants): Promise<void> {
  const { first = 1, count, homeId, region, plan, timeZones, readyAt } = scene;
  const zone = `($1::text[])[1 + n % cardinality($1::text[])]`;
  const all = `generate_series(${first}, ${first + count - 1}) AS n`;
  const each: [sql: string, values: unknown[]][] = [
    [
      `INSERT INTO tenant (id, slug, name, state, created_at)
       SELECT ${id('tenant', 'n')}, 'many-' || n, 'Tenant ' || n, 'active', $1::timestamptz FROM ${all}`,
      [readyAt],
    ],
    [
      `INSERT INTO tenant_billing (tenant_id, currency, time_zone, country, pay_by_invoice, locale, updated_at)
       SELECT ${id('tenant', 'n')}, 'USD', ${zone}, 'AU', true, 'en-AU', $2::timestamptz FROM ${all}`,
      [timeZones, readyAt],
    ],
    [
      `INSERT INTO billing_settings_version (tenant_id, version, recorded_at, currency, time_zone, zone_from_month, country,
         tax_id_valid, pay_by_invoice, auto_invoice, auto_reminders, locale, due_days, discounts)
       SELECT ${id('tenant', 'n')}, 1, $2::timestamptz, 'USD', ${zone}, '1000-01', 'AU',
         false, true, true, true, 'en-AU', 14, '[]'::jsonb FROM ${all}`,
      [timeZones, readyAt],
    ],
    [
      `INSERT INTO deployment (id, tenant_id, slug, display_name, region, type, reasons, requirements, state, phase, created_at,
         first_ready_at)
       SELECT ${id('deployment', 'n')}, ${id('tenant', 'n')}, 'main', 'Main', $1, 'shared', '[]'::jsonb, '{}'::jsonb, 'active',
         'ready', $2::timestamptz, $2::timestamptz FROM ${all}`,
      [region, readyAt],
    ],
    [
      `INSERT INTO deployment_event (deployment_id, to_state, actor, reason, at)
       SELECT ${id('deployment', 'n')}, 'active', 'test', 'created', $1::timestamptz FROM ${all}`,
      [readyAt],
    ],
    [
      `INSERT INTO placement (deployment_id, epoch, home_id, home_url, from_at)
       SELECT ${id('deployment', 'n')}, 1, $1::uuid, 'http://127.0.0.1:9', $2::timestamptz FROM ${all}`,
      [homeId, readyAt],
    ],
    [
      `INSERT INTO subscription (id, tenant_id, deployment_id, plan_code, plan_version, time_zone, started_at, period_start, period_end)
       SELECT ${id('subscription', 'n')}, ${id('tenant', 'n')}, ${id('deployment', 'n')}, $2, $3::int, ${zone}, $4::timestamptz,
         $4::timestamptz, '2100-01-01T00:00:00Z' FROM ${all}`,
      [timeZones, plan.code, plan.version, readyAt],
    ],
    [
      `INSERT INTO subscription_plan (subscription_id, plan_code, plan_version, entitled_from, priced_from, reason, actor, at)
       SELECT ${id('subscription', 'n')}, $1, $2::int, $3::timestamptz, $3::timestamptz, 'start', 'test', $3::timestamptz FROM ${all}`,
      [plan.code, plan.version, readyAt],
    ],
  ];
  for (const [sql, values] of each) await query(sql, values);
}

/** What a tenant of this number used of the meter at this place, from 0 on, in halves. */
export function usedBy(n: number, meter: number): string {
  const halves = (n * 37 + meter * 1_009) % 5_001;
  return halves % 2 === 0 ? String(halves / 2) : `${(halves - 1) / 2}.5`;
}

/** One closed window a meter and month for each of these tenants, and the closes of their home. */
export async function insertManyMonths(query: Query, scene: ManyTenants, months: ManyMonths): Promise<void> {
  const { first = 1, count } = scene;
  const { homeId, region, meters, usedAt, closed, recordedAt } = months;
  const values = [homeId, meters, usedAt, recordedAt];
  const windows = `FROM generate_series(${first}, ${first + count - 1}) AS n
    CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS m(meter, place)
    CROSS JOIN unnest($3::timestamptz[]) AS w(at)`;
  const quantity = `((n * 37 + (m.place - 1) * 1009) % 5001) / 2.0`;
  await query(
    `INSERT INTO usage_window (deployment_id, meter, window_start, home_id, incarnation, window_end, hour, aggregation, revision,
       quantity, closed, license_version, received_at)
     SELECT ${id('deployment', 'n')}, m.meter, w.at, $1::uuid, 1, w.at + interval '1 hour', w.at, 'sum', 1,
       ${quantity}, true, 1, $4::timestamptz ${windows}`,
    values,
  );
  await query(
    `INSERT INTO tenant_usage_metric (id, tenant_id, deployment_id, meter, window_start, window_end, home_id, incarnation, revision,
       quantity, license_version, recorded_at)
     SELECT gen_random_uuid(), ${id('tenant', 'n')}, ${id('deployment', 'n')}, m.meter, w.at, w.at + interval '1 hour', $1::uuid, 1, 1,
       ${quantity}, 1, $4::timestamptz ${windows}`,
    values,
  );
  await query(
    `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, received_at)
     SELECT $1::uuid, 1, h, $2, 1,
       (SELECT count(*)::int FROM usage_window w WHERE (w.home_id, w.incarnation, w.hour) = ($1::uuid, 1, h)),
       'test', true, $5::timestamptz
       FROM generate_series($3::timestamptz, $4::timestamptz - interval '1 hour', interval '1 hour') AS h
     ON CONFLICT DO NOTHING`,
    [homeId, region, closed.from, closed.to, recordedAt],
  );
  for (const table of ['tenant', 'billing_settings_version', 'subscription', 'usage_window', 'tenant_usage_metric']) {
    await query(`ANALYZE ${table}`);
  }
}
