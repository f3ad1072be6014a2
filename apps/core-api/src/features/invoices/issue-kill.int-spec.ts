import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  checkInvariants,
  seededRandom,
  seedOfRun,
  sizeOfRun,
  spawnSource,
  testPostgres,
  waitFor,
  type Child,
  type TestPostgres,
} from '@biplane/testing';
import type { IssuerInput } from '../../testing/invoice-issuer.main.js';

const issuer = new URL('../../testing/invoice-issuer.main.ts', import.meta.url);
const writers = sizeOfRun({ soak: 16, ci: 2 });
const invoices = sizeOfRun({ soak: 5_000, ci: 60 });
/** All but the last writer are killed: the first ones where it hurts, the others when so many are issued. */
const POINTS = ['invoices.after_insert_before_commit:5', 'invoice.after_number:3'];
const TIMEOUT_MS = sizeOfRun({ soak: 3_600_000, ci: 300_000 });
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await testPostgres('core');
});
afterAll(async () => {
  await postgres?.drop();
});

async function billedTenants(): Promise<string[]> {
  const tenants = Array.from({ length: invoices }, () => randomUUID());
  await postgres.query(
    `INSERT INTO billing_settings_version (tenant_id, version, recorded_at, currency, time_zone, zone_from_month, country,
       tax_id_valid, pay_by_invoice, auto_invoice, auto_reminders, locale, due_days, discounts)
     SELECT id, 1, '2026-01-01', 'USD', 'UTC', '1000-01', 'AU', false, true, true, true, 'en-AU', 14, '[]' FROM unnest($1::uuid[]) AS id`,
    [tenants],
  );
  return tenants;
}

async function killWhenIssued(child: Child, count: number): Promise<void> {
  let running = true;
  void child.ended.then(() => (running = false));
  await waitFor(
    `${count} invoices`,
    async () => {
      const [row] = await postgres.query<{ issued: number }>('SELECT count(*)::int AS issued FROM invoice');
      return !running || (row?.issued ?? 0) >= count;
    },
    { deadlineMs: TIMEOUT_MS },
  );
  child.kill('SIGKILL');
}

describe('writers that are killed', () => {
  it(
    `D4: ${writers} processes that are killed while they issue leave each tenant one invoice and numbers 1 to n without gap or repeat`,
    async () => {
      const seed = seedOfRun();
      const random = seededRandom(seed);
      const tenants = await billedTenants();
      const fieldKey = randomBytes(32).toString('base64');
      let killed = 0;
      const write = async (writer: number): Promise<void> => {
        // Every tenant is on the lists of two writers, which meet in the middle.
        const own = tenants.filter((_, index) => index % writers === writer || (index + 1) % writers === writer);
        const input: IssuerInput = {
          ...{ databaseUrl: postgres.url, regions: ['eu-1'], fieldKey, startAt: '2026-05-02T00:00:00.000Z' },
          ...{ tenants: writer % 2 === 0 ? own : own.toReversed(), month: '2026-04', seed: seed + writer },
        };
        const isKilled = writer < writers - 1;
        const point = isKilled ? POINTS[writer] : undefined;
        const first = spawnSource(issuer, input, point === undefined ? {} : { FAULT_POINTS: point });
        if (isKilled && point === undefined) void killWhenIssued(first, Math.floor((random() * invoices) / 2));
        const end = await first.ended;
        if (end.signal === 'SIGKILL') killed += 1;
        if (end.code === 0) return;
        if (end.signal !== 'SIGKILL') throw new Error(`seed ${seed}: ${end.output}`);
        const second = await spawnSource(issuer, input).ended;
        if (second.code !== 0) throw new Error(`seed ${seed}: ${second.output}`);
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));

      expect(killed).toBeGreaterThanOrEqual(Math.min(POINTS.length, writers - 1));
      const [numbers] = await postgres.query(
        `SELECT count(*)::int AS invoices, count(DISTINCT tenant_id)::int AS tenants, min(sequence) AS first, max(sequence) AS last,
         count(DISTINCT number)::int AS numbers FROM invoice`,
      );
      expect({ seed, ...numbers }).toEqual({
        seed,
        invoices,
        tenants: invoices,
        first: 1,
        last: invoices,
        numbers: invoices,
      });
      const [events] = await postgres.query(
        `SELECT count(*)::int AS issued FROM outbox WHERE headers->>'ce_type' = 'invoice.issued'`,
      );
      expect(events).toEqual({ issued: invoices });
      await checkInvariants(postgres.url);
    },
    TIMEOUT_MS,
  );
});
