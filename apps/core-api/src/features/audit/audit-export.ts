import { Readable } from 'node:stream';
import type { AuditRow } from './audit.store.js';

type Entry = AuditRow & { readonly id: bigint };
type Pages = (beforeId: bigint | null, take: number) => Promise<readonly Entry[]>;

export type ExportFormat = 'ndjson' | 'csv';

const PAGE = 500;
/** More than this is exported in stretches: `to` is the `at` of the last line. */
export const EXPORT_ROWS_MAX = 100_000;

const COLUMNS = [
  'id', 'at', 'actor', 'action', 'objectType', 'objectId', 'tenantId', 'before', 'after', 'reason', 'requestId',
] as const; // prettier-ignore

/** Newest first, page by page as the reader takes it: no export is ever whole in memory. */
export function exportStream(format: ExportFormat, pages: Pages): Readable {
  return Readable.from(lines(format, pages), { encoding: 'utf8' });
}

async function* lines(format: ExportFormat, pages: Pages): AsyncGenerator<string> {
  const line = format === 'csv' ? csvLine : jsonLine;
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  let beforeId: bigint | null = null;
  for (let left = EXPORT_ROWS_MAX; left > 0; left -= PAGE) {
    const rows = await pages(beforeId, PAGE);
    if (rows.length > 0) yield rows.map(line).join('');
    if (rows.length < PAGE) return;
    beforeId = rows.at(-1)?.id ?? null;
  }
}

function jsonLine(entry: Entry): string {
  return `${JSON.stringify(Object.fromEntries(COLUMNS.map((column) => [column, valueOf(entry, column)])))}\n`;
}

function csvLine(entry: Entry): string {
  return `${COLUMNS.map((column) => cell(valueOf(entry, column))).join(',')}\r\n`;
}

function valueOf(entry: Entry, column: (typeof COLUMNS)[number]): unknown {
  return column === 'id' ? String(entry.id) : entry[column];
}

/** RFC 4180. What a spreadsheet would take for a formula is led by an apostrophe. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
