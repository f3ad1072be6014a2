import { speechOf } from '../locales/index.js';
import { daysOf } from './context.js';
import type { PrintedStatement } from './printed-statement.js';

/** What the mail says that brings a statement, in its language. */
export function statementLetter(
  statement: Pick<PrintedStatement, 'locale' | 'timeZone' | 'from' | 'to'>,
  sender: string,
): { readonly subject: string; readonly text: string } {
  const speech = speechOf(statement.locale);
  const [from, to] = daysOf(speech, statement);
  const { title, letter } = speech.words.statement;
  return { subject: `${title} · ${from} – ${to} · ${sender}`, text: `${letter(sender, from, to)}\n` };
}
