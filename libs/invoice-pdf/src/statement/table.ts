import { COLOR, CONTENT_WIDTH, PAGE, type Block } from '../page/sheet.js';
import { dateIn, type StatementContext } from './context.js';
import { drawRunningHead } from './head.js';
import type { PrintedEntry } from './printed-statement.js';

const GAP = 10;
const PAD = 4.5;
const AMOUNT = 88;
const DATE = 84;
const columns = [
  { width: DATE, align: 'start' },
  { width: CONTENT_WIDTH - DATE - 2 * AMOUNT - 3 * GAP, align: 'start' },
  { width: AMOUNT, align: 'end' },
  { width: AMOUNT, align: 'end' },
] as const;
const offsets = columns.map((_, index) => columns.slice(0, index).reduce((sum, { width }) => sum + width + GAP, 0));
/** Above the foot, which may have two lines of the sender's own. */
const BOTTOM = PAGE.height - PAGE.bottom - 14;

interface Row {
  readonly cells: readonly (Block | null)[];
  readonly note: Block | null;
  readonly height: number;
}

/** What it begins with, each entry, what it ends with. */
export function drawEntries(context: StatementContext, top: number): void {
  const { speech, statement } = context;
  const { words, number } = speech;
  const { opening, closing, entries } = statement;
  let y = drawColumnHeads(context, top);
  const put = (row: Row) => {
    if (y + row.height > BOTTOM) {
      context.sheet.addPage();
      y = drawColumnHeads(context, drawRunningHead(context));
    }
    y = drawRow(context, row, y);
  };
  put(rowOf(context, ['', words.statement.opening, '', number(opening.amount)], { weight: 'bold' }));
  for (const entry of entries) put(entryRow(context, entry));
  if (entries.length === 0) put(rowOf(context, ['', words.statement.noEntries, '', ''], { color: COLOR.muted }));
  put(rowOf(context, ['', words.statement.closing, '', number(closing.amount)], { weight: 'bold' }));
}

function drawColumnHeads({ sheet, speech, statement }: StatementContext, top: number): number {
  const { words } = speech;
  const { currency } = statement.closing;
  const names = [words.statement.date, words.description, `${words.amount} (${currency})`, words.statement.balance];
  const heads = names.map((name, index) =>
    sheet.block(name, { ...columns[index], size: 8, weight: 'bold', color: COLOR.accent, linesMax: 2 }),
  );
  const height = Math.max(...heads.map((head) => head.height));
  heads.forEach((head, index) => {
    sheet.draw(head, offsets[index] as number, top + height - head.height);
  });
  sheet.rule(0, top + height + 3, CONTENT_WIDTH, COLOR.accent, 0.9);
  return top + height + 4;
}

function entryRow(context: StatementContext, entry: PrintedEntry): Row {
  const { speech, statement } = context;
  const { kind, bookedAt, description, reference, amount, balance } = entry;
  const said = `${speech.words.statement.kinds[kind]}: ${description}`;
  const date = dateIn(speech, statement, bookedAt);
  return rowOf(context, [date, said, speech.number(amount.amount), speech.number(balance.amount)], {}, reference);
}

function rowOf(
  { sheet }: StatementContext,
  texts: readonly string[],
  style: { readonly weight?: 'bold'; readonly color?: string },
  reference: string | null = null,
): Row {
  const cells = texts.map((text, index) => {
    if (text === '') return null;
    const own = { ...columns[index], size: 8.5, ...style } as Parameters<typeof sheet.block>[1];
    return index === 1 ? sheet.block(text, { ...own, linesMax: 10 }) : sheet.fitted(text, own);
  });
  const noteStyle = { size: 7.5, color: COLOR.muted, width: columns[1].width, linesMax: 3 } as const;
  const note = reference === null ? null : sheet.block(reference, noteStyle);
  const described = (cells[1]?.height ?? 0) + (note?.height ?? 0);
  return { cells, note, height: Math.max(described, ...cells.map((cell) => cell?.height ?? 0)) + 2 * PAD };
}

function drawRow({ sheet }: StatementContext, { cells, note, height }: Row, top: number): number {
  cells.forEach((cell, index) => {
    if (cell !== null) sheet.draw(cell, offsets[index] as number, top + PAD);
  });
  if (note !== null) sheet.draw(note, offsets[1] as number, top + PAD + (cells[1]?.height ?? 0));
  sheet.rule(0, top + height, CONTENT_WIDTH);
  return top + height + 0.6;
}
