import { Client } from 'pg';
import type { OutboxRow } from './choose-rows.js';

/** "outbox" in ASCII: one lock per database, since advisory locks do not reach beyond one. */
const LOCK_KEY = '122550254464888';
const QUERY_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;
const CLOSE_TIMEOUT_MS = 1_000;
const PENDING_COUNT_MAX = 200_000;

/** The relay's own connection: its advisory lock lives exactly as long as it does. */
export class RelaySession {
  private lost: Error | null = null;

  private constructor(private readonly client: Client) {
    client.on('error', (error) => (this.lost ??= error));
    client.on('end', () => (this.lost ??= new Error('the connection ended')));
  }

  static async open(url: string): Promise<RelaySession> {
    const client = new Client({
      connectionString: url,
      application_name: 'biplane outbox relay',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    });
    const session = new RelaySession(client);
    try {
      await client.connect();
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  async tryLock(): Promise<boolean> {
    const { rows } = await this.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK_KEY}) AS locked`);
    return rows[0]?.locked === true;
  }

  /** Unpublished rows in id order. Never "id greater than the last": a lower id may be committed later. */
  async unpublished(limit: number): Promise<OutboxRow[]> {
    const { rows } = await this.query<OutboxRow>(
      // Qualified, or it would be sorted by the text: 10 before 9.
      `SELECT id::text, topic, key, headers, value, compacted FROM outbox
       WHERE published_at IS NULL ORDER BY outbox.id LIMIT $1`,
      [limit],
    );
    return rows;
  }

  async markPublished(ids: readonly string[], at: Date): Promise<void> {
    await this.query(`UPDATE outbox SET published_at = $2 WHERE id = ANY($1::bigint[])`, [ids, at]);
  }

  async pending(now: Date): Promise<{ rows: number; oldestSeconds: number }> {
    const { rows } = await this.query<{ rows: number; oldest: Date | null }>(
      `SELECT count(*)::int AS rows, min(created_at) AS oldest
       FROM (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${PENDING_COUNT_MAX}) waiting`,
    );
    const oldest = rows[0]?.oldest;
    const oldestSeconds = oldest ? Math.max(0, (now.getTime() - oldest.getTime()) / 1000) : 0;
    return { rows: rows[0]?.rows ?? 0, oldestSeconds };
  }

  /** Returns how many rows went; a bounded number at a time, so that no statement holds the table long. */
  async prune(publishedBefore: Date, limit: number): Promise<number> {
    const { rowCount } = await this.query(
      `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE published_at < $1 ORDER BY id LIMIT $2)`,
      [publishedBefore, limit],
    );
    return rowCount ?? 0;
  }

  async close(): Promise<void> {
    // A dead network leaves `end` waiting for the server; the lock then goes with the server's own keep-alive.
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([this.client.end().catch(() => undefined), patience]);
    clearTimeout(timer);
  }

  private query<Row extends object>(sql: string, values: unknown[] = []) {
    if (this.lost) throw this.lost;
    return this.client.query<Row>(sql, values);
  }
}
