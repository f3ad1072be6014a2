import { dayOf } from '@biplane/billing-calendar';
import type { Speech } from '../locales/index.js';
import type { Sheet } from '../page/sheet.js';
import type { PrintedStatement } from './printed-statement.js';

/** What every part of a statement is drawn from. */
export interface StatementContext {
  readonly sheet: Sheet;
  readonly speech: Speech;
  readonly statement: PrintedStatement;
  readonly contentHash: string;
}

type Dated = Pick<PrintedStatement, 'timeZone' | 'from' | 'to'>;

export function dateIn({ date }: Speech, { timeZone }: Dated, instant: string): string {
  return date(dayOf(new Date(instant), timeZone));
}

/** Its first and its last day: the end of a statement is the first instant that it does not tell of. */
export function daysOf(speech: Speech, statement: Dated): readonly [string, string] {
  const last = new Date(new Date(statement.to).getTime() - 1).toISOString();
  return [dateIn(speech, statement, statement.from), dateIn(speech, statement, last)];
}
