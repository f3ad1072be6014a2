import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { neutralized } from './domain/formula.js';

/** How many rows are in memory at once. */
const PAGE = 500;

/** One record as RFC 4180 has it; nothing in it runs in a spreadsheet. */
export function csvRecord(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => quoted(neutralized(cell ?? ''))).join(',')}\r\n`;
}

/**
 * A file of rows, read page by page as the reader takes them: `pages` gives those after the given one, in the order of a key.
 * What is added meanwhile may be in it or not; what stood there all the time is in it once.
 */
export function csvFile<Row, Column extends string>(
  name: string,
  columns: readonly Column[],
  source: {
    readonly pages: (after: Row | null, take: number) => Promise<readonly Row[]>;
    readonly cellsOf: (row: Row) => Readonly<Record<Column, string | null>>;
  },
): StreamableFile {
  const type = 'text/csv; charset=utf-8; header=present';
  return new StreamableFile(Readable.from(records(columns, source), { encoding: 'utf8' }), {
    type,
    disposition: `attachment; filename="${name}.csv"`,
  });
}

async function* records<Row, Column extends string>(
  columns: readonly Column[],
  { pages, cellsOf }: Parameters<typeof csvFile<Row, Column>>[2],
): AsyncGenerator<string> {
  yield csvRecord(columns);
  for (let after: Row | null = null; ;) {
    const rows: readonly Row[] = await pages(after, PAGE);
    const text = rows.map((row) => {
      const cells = cellsOf(row);
      return csvRecord(columns.map((column) => cells[column]));
    });
    if (text.length > 0) yield text.join('');
    if (rows.length < PAGE) return;
    after = rows.at(-1)!;
  }
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
