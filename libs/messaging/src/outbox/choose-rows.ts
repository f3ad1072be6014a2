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
