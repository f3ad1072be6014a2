import { RefusalError } from '@biplane/kernel';
import { CsvError, parse } from 'csv-parse/sync';
import { restored } from './domain/formula.js';
import type { RowProblem } from './domain/row-problem.js';
import { ImportErrors } from './imports.errors.js';

export const ROWS_MAX = 10_000;

/** One row, by column. What was led by an apostrophe so that no spreadsheet runs it is here without. */
export interface CsvRow<Column extends string> {
  readonly line: number;
  readonly cells: Readonly<Record<Column, string>>;
}

export interface ReadCsv<Column extends string> {
  readonly rows: readonly CsvRow<Column>[];
  /** Of rows that have too many cells or too few. */
  readonly problems: readonly RowProblem[];
}

/** Reads a file whose header names exactly these columns, in any order. Refuses with `IMPORT.*`. */
export function readCsv<Column extends string>(text: string, columns: readonly Column[]): ReadCsv<Column> {
  const [header, ...records] = recordsOf(text);
  const names = (header?.cells ?? []) as readonly Column[];
  refuseHeader(names, columns);
  if (records.length > ROWS_MAX) {
    throw new RefusalError(ImportErrors.TOO_MANY_ROWS({ detail: `The file has more than ${ROWS_MAX} rows` }));
  }
  const [rows, problems]: [CsvRow<Column>[], RowProblem[]] = [[], []];
  for (const { line, cells } of records) {
    if (cells.length === names.length) {
      const named = names.map((name, index) => [name, restored(cells[index]!)]);
      rows.push({ line, cells: Object.fromEntries(named) as Record<Column, string> });
    } else {
      const detail = `The row has ${cells.length} cells, the header ${names.length}`;
      problems.push({ line, column: null, code: 'CELLS_COUNT', detail });
    }
  }
  return { rows, problems };
}

/** Line ends inside of cells are read as LF, so that lines can be counted; a row's line is that on which it begins. */
function recordsOf(text: string): { readonly line: number; readonly cells: readonly string[] }[] {
  const options = { info: true, relax_column_count: true, record_delimiter: '\n', to: ROWS_MAX + 2 } as const;
  try {
    const found = parse(text.replaceAll('\r\n', '\n'), options) as unknown as {
      readonly record: string[];
      readonly info: { readonly lines: number };
    }[];
    return found.map(({ record }, index) => ({ line: 1 + (found[index - 1]?.info.lines ?? 0), cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number((error as CsvError & { readonly lines?: unknown }).lines ?? 1);
    const detail = `The file cannot be read at line ${line}`;
    throw new RefusalError(ImportErrors.FILE_UNREADABLE({ detail, members: { line, code: error.code } }));
  }
}

function refuseHeader(names: readonly string[], expected: readonly string[]): void {
  const short = (name: string): string => name.slice(0, 64);
  const unknown = names.filter((name) => !expected.includes(name)).map(short);
  const missing = expected.filter((name) => !names.includes(name));
  const repeated = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(short);
  if (unknown.length + missing.length + repeated.length === 0) return;
  const detail = `The header must be ${expected.join(',')}`;
  const members = { expected, unknown: unknown.slice(0, 50), missing, repeated: repeated.slice(0, 50) };
  throw new RefusalError(ImportErrors.HEADER_REFUSED({ detail, members }));
}
