export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
  readonly compacted: boolean;
}

/**
 * What of a batch (in id order) is sent: on compacted topics only the newest row of a key, because a reader would be
 * handed the older ones for nothing; the order of the rest stays.
 */
export function rowsToSend(rows: readonly OutboxRow[]): OutboxRow[] {
  const newest = new Map<string, OutboxRow>();
  for (const row of rows) if (row.compacted) newest.set(JSON.stringify([row.topic, row.key]), row);
  return rows.filter((row) => !row.compacted || newest.get(JSON.stringify([row.topic, row.key])) === row);
}

/**
 * Half of what topics take (1 MiB): all rows of one partition travel as one record batch, and the broker measures that.
 * A batch above it would be refused for ever, and everything behind it with it.
 */
const BYTES_MAX = 512 * 1024;
/** Lengths, timestamp and attributes of one record; generous. */
const RECORD_BYTES = 100;

/** The first rows that may travel together; at least one. */
export function portionOf(rows: readonly OutboxRow[], bytesMax = BYTES_MAX): OutboxRow[] {
  let bytes = 0;
  const tooMany = rows.findIndex((row, index) => (bytes += bytesOf(row)) > bytesMax && index > 0);
  return rows.slice(0, tooMany === -1 ? rows.length : tooMany);
}

function bytesOf({ key, headers, value }: OutboxRow): number {
  return (
    RECORD_BYTES + Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(headers)) + Buffer.byteLength(value ?? '')
  );
}
