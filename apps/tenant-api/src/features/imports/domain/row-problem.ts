/** What is wrong with a row of a file. */
export interface RowProblem {
  /** Of the first line of the row; the header is line 1. */
  readonly line: number;
  /** Null when it is about the whole row. */
  readonly column: string | null;
  /** Stable: clients branch on it. */
  readonly code: string;
  readonly detail: string;
}

/** Rows whose value stands in an earlier row too; those without one are passed over. */
export function repeated<Row extends { readonly line: number }>(
  rows: readonly Row[],
  column: string,
  valueOf: (row: Row) => string | null,
): RowProblem[] {
  const first = new Map<string, number>();
  return rows.flatMap((row) => {
    const value = valueOf(row);
    if (value === null) return [];
    const before = first.get(value);
    if (before === undefined) first.set(value, row.line);
    return before === undefined
      ? []
      : [{ line: row.line, column, code: 'DUPLICATE_IN_FILE', detail: `Line ${before} has it too` }];
  });
}

/** What is stored is not what the row says, member by member; an import changes nothing that is there. */
export function differing(
  line: number,
  said: Readonly<Record<string, string | null>>,
  stored: Readonly<Record<string, string | null>>,
): RowProblem[] {
  return Object.keys(said)
    .filter((column) => said[column] !== stored[column])
    .map((column) => ({ line, column, code: 'DIFFERS', detail: `What is stored has another ${column}` }));
}
