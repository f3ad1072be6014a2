import { randomUUID } from 'node:crypto';
import { EventStore, firstOfEach, ownReading, WindowCutter, type HashedReading } from '@biplane/metering';
import { executeSql, querySql, type UnitOfWork } from '@biplane/service-kit';
import { withDatabase } from './bench-database.js';
import type { Benchmark, Finding } from './benchmark.js';
import { compare, timed } from './rounds.js';

const eventsPerBatch = 1_000;
const rounds = 25;
const meter = 'bench_units';
const at = new Date('2026-03-31T03:00:00.000Z');
const license = { version: 1, calendar: { timeZone: 'Australia/Brisbane' } };

/** As a home adds to its windows, of a sum. */
const windows = `
  INSERT INTO usage_window AS held (deployment_id, meter, window_start, window_end, hour, aggregation, quantity, last_event_at,
                                    revision, sent_revision, closed, license_version)
  SELECT deployment_id, meter, window_start, window_end, date_trunc('hour', window_start, 'UTC'), aggregation, quantity,
         last_event_at, 1, 0, false, license_version
    FROM addition ORDER BY window_no
  ON CONFLICT (deployment_id, meter, window_start) DO UPDATE SET
    quantity = held.quantity + excluded.quantity, last_event_at = greatest(held.last_event_at, excluded.last_event_at),
    license_version = greatest(held.license_version, excluded.license_version), revision = held.revision + 1`;

/** Storing a batch and adding it to its window, beside the bare insert of its keys that it cannot do without. */
export const usageStore: Benchmark = {
  name: 'usage-store',
  run: () => withDatabase('home', measure),
};

async function measure(unitOfWork: UnitOfWork): Promise<readonly Finding[]> {
  const store = new EventStore(windows);
  const cutter = new WindowCutter();
  const deploymentId = randomUUID();
  await executeSql(
    unitOfWork.reader,
    `CREATE TABLE bare (deployment_id uuid, source text, event_id text, content_hash text, received_at timestamptz,
                        PRIMARY KEY (deployment_id, source, event_id))`,
  );
  const batch = (): HashedReading[] => firstOfEach(Array.from({ length: eventsPerBatch }, () => reading()));
  const reading = (): HashedReading => {
    const usage = { deploymentId, source: '/bench', eventId: randomUUID(), meter, quantity: '1', at };
    return ownReading({ ...usage, aggregation: 'sum' }, license, cutter);
  };
  let stored = 0;
  const comparison = await compare(
    rounds,
    () => {
      const events = batch();
      return timed(events.length, async () => {
        await executeSql(unitOfWork.reader, BARE, [
          deploymentId,
          events.map(({ eventId }) => eventId),
          events.map(({ contentHash }) => contentHash),
          at.toISOString(),
        ]);
      });
    },
    () => {
      const events = batch();
      stored += events.length;
      return timed(events.length, async () => {
        await unitOfWork.run((tx) => store.take(tx, events, at));
      });
    },
  );
  const again = batch();
  stored += again.length;
  for (let n = 0; n < 2; n += 1) await unitOfWork.run((tx) => store.take(tx, again, at));
  await insistOnTotal(unitOfWork, stored);
  return [
    {
      name: 'store and add up, 1,000 events a batch',
      baseline: 'one unnest insert of the same keys, same server, fsync on',
      subject: 'dedupe, log and windows in one transaction, in process',
      oracle: `window, log and keys say ${stored} events, one batch of them sent twice`,
      goal: 1 / 0.5,
      ...comparison,
    },
  ];
}

const BARE = `
  INSERT INTO bare SELECT $1::uuid, '/bench', e.id, e.hash, $4::text::timestamptz
    FROM unnest($2::text[], $3::text[]) AS e(id, hash) ON CONFLICT DO NOTHING`;

async function insistOnTotal(unitOfWork: UnitOfWork, stored: number): Promise<void> {
  const [row] = await querySql<{ total: string; keys: number; log: number }>(
    unitOfWork.reader,
    `SELECT (SELECT trim_scale(sum(quantity))::text FROM usage_window) AS total,
            (SELECT count(*)::int FROM usage_event_key) AS keys, (SELECT count(*)::int FROM usage_event) AS log`,
  );
  if (row?.total !== String(stored) || row.keys !== stored || row.log !== stored) {
    throw new Error(`usage-store: stored ${stored}, found ${JSON.stringify(row)}`);
  }
}
