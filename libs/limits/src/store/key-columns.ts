import { windowName, windowStart, type LimitKey } from '../domain/limit-key.js';

// Columns travel as lines of one text each (no value holds a line break): an array parameter costs the driver a
// conversion of every element.
export function lines<T>(rows: readonly T[], column: (row: T) => string | number | bigint): string {
  return rows.map(column).join('\n');
}

/** Four parameters of `keyRows`. */
export function keyLines(keys: readonly LimitKey[]): string[] {
  return [
    lines(keys, ({ deploymentId }) => deploymentId),
    lines(keys, ({ meter }) => meter),
    lines(keys, windowName),
    lines(keys, (key) => windowStart(key).toISOString()),
  ];
}

/** Rows of the parameters that begin at `$first`: the columns of the key, then `more`, then `no` from 1 on. */
export function keyRows(first: number, more: readonly { name: string; type: string }[] = []): string {
  const columns = [
    { name: 'deployment_id', type: 'uuid' },
    { name: 'meter', type: 'text' },
    { name: 'limit_window', type: 'text' },
    { name: 'window_start', type: 'timestamptz' },
    ...more,
  ];
  const arrays = columns.map(
    ({ type }, index) => `unnest(string_to_array($${first + index}::text, E'\\n')::${type}[])`,
  );
  const names = columns.map(({ name }) => name).join(', ');
  return `ROWS FROM (${arrays.join(', ')}) WITH ORDINALITY AS k(${names}, no)`;
}

/** Whether the row `alias` bears the key of four parameters. */
export function isKey(alias: string, first: number): string {
  return `${alias}.deployment_id = $${first}::text::uuid AND ${alias}.meter = $${first + 1}
    AND ${alias}.limit_window = $${first + 2} AND ${alias}.window_start = $${first + 3}::text::timestamptz`;
}

export function keyValues(key: LimitKey): [string, string, string, string] {
  return [key.deploymentId, key.meter, windowName(key), windowStart(key).toISOString()];
}

/** `alias.key = other.key` */
export function sameKey(alias: string, other: string): string {
  const columns = ['deployment_id', 'meter', 'limit_window', 'window_start'];
  const of = (name: string): string => columns.map((column) => `${name}.${column}`).join(', ');
  return `(${of(alias)}) = (${of(other)})`;
}

export const LOCK_ORDER = 'deployment_id, meter COLLATE "C", limit_window COLLATE "C", window_start';
