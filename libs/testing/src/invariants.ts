import { readFileSync } from 'node:fs';
import { connected } from './parts/postgres.js';

export interface Invariant {
  readonly name: string;
  /** It is checked in databases that have all of them. */
  readonly tables: readonly string[];
  /** Returns the rows that break it. */
  readonly sql: string;
}

const HEADER = /^-- invariant: (.+)\n-- tables: (.+)$/gm;
const ROWS_SHOWN = 5;

/** Beside the source in both layouts: the compiler copies no SQL. */
export function invariants(): Invariant[] {
  const text = readFileSync(new URL('../src/invariants.sql', import.meta.url), 'utf8');
  const headers = [...text.matchAll(HEADER)];
  return headers.map((header, index) => {
    const from = header.index + header[0].length;
    const sql = text.slice(from, headers[index + 1]?.index ?? text.length).trim();
    return { name: header[1] ?? '', tables: (header[2] ?? '').split(',').map((table) => table.trim()), sql };
  });
}

/** Runs every invariant that this database has the tables for; throws naming the broken ones. Returns what was checked. */
export async function checkInvariants(url: string): Promise<string[]> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    const tables = new Set(rows.map(({ name }) => name));
    const applicable = invariants().filter((invariant) => invariant.tables.every((table) => tables.has(table)));
    const broken: string[] = [];
    for (const { name, sql } of applicable) {
      const found = (await client.query<Record<string, unknown>>(sql)).rows;
      if (found.length === 0) continue;
      const shown = found.slice(0, ROWS_SHOWN).map((row) => JSON.stringify(row));
      broken.push(`${name}: ${found.length} rows\n    ${shown.join('\n    ')}`);
    }
    if (broken.length > 0) throw new Error(`Broken invariants:\n  ${broken.join('\n  ')}`);
    return applicable.map(({ name }) => name);
  });
}
