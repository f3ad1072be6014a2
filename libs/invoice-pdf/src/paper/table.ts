import { monthOf } from '@biplane/billing-calendar';
import { COLOR, CONTENT_WIDTH, PAGE, type Block } from '../page/sheet.js';
import type { PrintedLine } from '../printed-document.js';
import { saidMoney, type PaperContext } from './context.js';
import { drawRunningHead } from './head.js';

const GAP = 10;
const PAD = 5;
const columns = [
  { width: 231, align: 'start' },
  { width: 76, align: 'end' },
  { width: 82, align: 'end' },
  { width: CONTENT_WIDTH - 231 - 76 - 82 - 3 * GAP, align: 'end' },
] as const;
const offsets = columns.map((_, index) => columns.slice(0, index).reduce((sum, { width }) => sum + width + GAP, 0));
const BOTTOM = PAGE.height - PAGE.bottom;
/** Of all explanations of one line together: a row must fit on a page, whatever stands in it. */
const NOTE_LINES_MAX = 40;

interface Row {
  readonly cells: readonly Block[];
  readonly notes: readonly Block[];
  readonly height: number;
}

/** All lines but taxes, by deployment in the order of the document. Returns the height at which it ended. */
export function drawTable(context: PaperContext, top: number): number {
  const { sheet, speech, document } = context;
  const lines = document.lines.filter(({ kind }) => kind !== 'tax');
  let y = drawColumnHeads(context, top);
  let group: string | null | undefined;
  for (const line of lines) {
    const row = rowOf(context, line);
    const heading = line.deployment === group ? null : groupHeading(context, line.deployment);
    if (y + (heading === null ? 0 : heading.height + 10) + row.height > BOTTOM) {
      y = nextPage(context);
      if (heading === null && group != null) y = drawHeading(context, groupHeading(context, group), y);
    }
    if (heading !== null) y = drawHeading(context, heading, y);
    group = line.deployment;
    y = drawRow(context, row, y);
  }
  if (lines.length === 0) {
    const none = sheet.block(speech.words.nothingToPay, { size: 8.5, color: COLOR.muted });
    sheet.draw(none, 0, y + PAD);
    y += none.height + 2 * PAD;
  }
  return y;
}

export function nextPage(context: PaperContext, withTable = true): number {
  context.sheet.addPage();
  const top = drawRunningHead(context);
  return withTable ? drawColumnHeads(context, top) : top;
}

function drawColumnHeads({ sheet, speech, document }: PaperContext, top: number): number {
  const { words } = speech;
  const names = [words.description, words.quantity, words.unitPrice, `${words.amount} (${document.currency})`];
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

function groupHeading({ sheet, speech, options }: PaperContext, deployment: string | null): Block | null {
  if (deployment === null) return null;
  const name = options.deploymentNames?.get(deployment) ?? deployment;
  return sheet.block(`${speech.words.deployment}: ${name}`, { size: 8.5, weight: 'bold', linesMax: 3 });
}

function drawHeading({ sheet }: PaperContext, heading: Block | null, y: number): number {
  if (heading === null) return y;
  sheet.draw(heading, 0, y + 8);
  return y + heading.height + 10;
}

function rowOf(context: PaperContext, line: PrintedLine): Row {
  const { sheet, speech } = context;
  const texts = [
    line.description,
    line.quantity === null ? '' : speech.number(line.quantity),
    line.unitPrice === null ? '' : speech.number(line.unitPrice),
    speech.number(line.amount.amount),
  ];
  const cells = texts.map((text, index) =>
    index === 0
      ? sheet.block(text, { ...columns[0], size: 8.5, linesMax: 10 })
      : sheet.fitted(text, { ...columns[index], size: 8.5 } as Parameters<typeof sheet.fitted>[1]),
  );
  const notes = noteBlocks(context, notesOf(context, line));
  const described = (cells[0] as Block).height + notes.reduce((sum, { height }) => sum + height, 0);
  return { cells, notes, height: Math.max(described, ...cells.map(({ height }) => height)) + 2 * PAD };
}

/** How the amount came about, and when it was owed where that is not the period of the paper. */
function notesOf({ speech, document }: PaperContext, line: PrintedLine): string[] {
  const parts = line.explanation.map(({ text, amount }) => {
    // Of several components each says its amount, unless its words do already.
    const silent = line.explanation.length > 1 && amount !== null && !text.includes(amount.amount.replace('-', ''));
    return silent ? `${text} = ${saidMoney(speech, amount)}` : text;
  });
  const earlier = document.period !== undefined && line.period.to <= document.period.from;
  return earlier ? [speech.month(monthIn(line.period)), ...parts] : parts;
}

function noteBlocks({ sheet }: PaperContext, notes: readonly string[]): Block[] {
  const style = { size: 7.5, color: COLOR.muted, width: columns[0].width + GAP + columns[1].width, linesMax: 4 };
  const blocks: Block[] = [];
  let lines = 0;
  for (const note of notes) {
    const block = sheet.block(note, style);
    lines += block.lines.length;
    if (lines > NOTE_LINES_MAX) return [...blocks, sheet.block('…', style)];
    blocks.push(block);
  }
  return blocks;
}

/** The month that the middle of a period is in: right in every zone, where the period's ends are in the tenant's. */
function monthIn({ from, to }: PrintedLine['period']): string {
  return monthOf(new Date((Date.parse(from) + Date.parse(to)) / 2), 'UTC');
}

function drawRow({ sheet }: PaperContext, { cells, notes, height }: Row, top: number): number {
  cells.forEach((cell, index) => {
    sheet.draw(cell, offsets[index] as number, top + PAD);
  });
  let y = top + PAD + (cells[0] as Block).height;
  for (const note of notes) {
    sheet.draw(note, 0, y);
    y += note.height;
  }
  sheet.rule(0, top + height, CONTENT_WIDTH);
  return top + height + 0.6;
}
