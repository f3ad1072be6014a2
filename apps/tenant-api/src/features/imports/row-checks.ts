import { setImmediate } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import type { Result } from '@biplane/kernel';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { CsvRow } from './csv-reading.js';
import type { RowProblem } from './domain/row-problem.js';

const ROWS_AT_ONCE = 200;

/** The rows that read well, each with what was read of it, and what is wrong with the others. Lets others have a turn in between. */
export async function readRows<Column extends string, T extends object>(
  rows: readonly CsvRow<Column>[],
  read: (row: CsvRow<Column>) => Result<T, readonly RowProblem[]>,
): Promise<{ readonly good: readonly (T & { readonly line: number })[]; readonly problems: readonly RowProblem[] }> {
  const [good, problems]: [(T & { line: number })[], RowProblem[]] = [[], []];
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await setImmediate();
    const result = read(row);
    if (result.ok) good.push({ ...result.value, line: row.line });
    else problems.push(...result.error);
  }
  return { good, problems };
}

/** What the body of a single creation would be refused for: the same rules, and the same codes. */
export function bodyProblems<T extends object>(line: number, type: Type<T>, plain: object): RowProblem[] {
  const errors = validateSync(plainToInstance(type, plain), {
    stopAtFirstError: true,
    validationError: { target: false },
  });
  return errors
    .flatMap((error) => leaves(error))
    .map(({ property, constraints = {} }) => {
      const [rule = 'invalid', detail = 'It is not valid'] = Object.entries(constraints)[0] ?? [];
      return { line, column: property, code: rule.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase(), detail };
    });
}

function leaves(error: ValidationError): ValidationError[] {
  return error.children?.length ? error.children.flatMap(leaves) : [error];
}
