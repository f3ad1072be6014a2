import type { MoneyJson } from '@biplane/kernel';
import { COLOR, CONTENT_WIDTH, PAGE, type Block } from '../page/sheet.js';
import { saidMoney, type PaperContext } from './context.js';
import { nextPage } from './table.js';
import { dateOf } from './titles.js';

const WIDTH = 270;
const LABEL = 140;
const BOTTOM = PAGE.height - PAGE.bottom;

interface Sum {
  readonly label: Block;
  readonly amount: Block;
  readonly strong: boolean;
}

/** Subtotal, taxes, total, and what is still to pay; kept together on one page. Returns the height at which it ended. */
export function drawTotals(context: PaperContext, top: number): number {
  const sums = sumsOf(context);
  const heightOf = ({ label, amount, strong }: Sum) => Math.max(label.height, amount.height) + (strong ? 10 : 5);
  const height = sums.reduce((total, sum) => total + heightOf(sum), 0);
  let y = (top + 10 + height > BOTTOM ? nextPage(context, false) : top + 10) as number;
  const { sheet } = context;
  const x = CONTENT_WIDTH - WIDTH;
  for (const sum of sums) {
    const rowHeight = heightOf(sum);
    if (sum.strong) sheet.rule(x, y, WIDTH, COLOR.accent, 0.9);
    const inset = (rowHeight - Math.max(sum.label.height, sum.amount.height)) / 2;
    sheet.draw(sum.label, x, y + inset);
    sheet.draw(sum.amount, x + LABEL, y + inset);
    y += rowHeight;
  }
  return y;
}

function sumsOf({ sheet, speech, document, options }: PaperContext): Sum[] {
  const { words } = speech;
  const sum = (label: string, money: MoneyJson, strong = false): Sum => {
    const style = strong ? ({ size: 10.5, weight: 'bold' } as const) : ({ size: 8.5 } as const);
    return {
      label: sheet.block(label, { ...style, width: LABEL, linesMax: 3 }),
      amount: sheet.fitted(saidMoney(speech, money), { ...style, width: WIDTH - LABEL, align: 'end' }),
      strong,
    };
  };
  const { settlement, paper } = options;
  const taxes = document.taxes.map(({ code, rate, base, amount }) => {
    const on = base === null || base.amount === document.subtotal.amount ? '' : ` · ${saidMoney(speech, base)}`;
    return sum(rate === null ? code : `${code} ${speech.percent(rate)}${on}`, amount);
  });
  const settled = [
    ...(settlement?.creditApplied ? [sum(words.creditApplied, negated(settlement.creditApplied))] : []),
    ...(settlement?.credited ? [sum(words.creditNote, negated(settlement.credited))] : []),
    ...(settlement?.paid ? [sum(words.paid, negated(settlement.paid))] : []),
  ];
  return [
    sum(words.subtotal, document.subtotal),
    ...taxes,
    sum(words.total, document.total, true),
    ...settled,
    ...(paper.kind === 'credit_note' && paper.deducted ? [sum(words.deducted, paper.deducted)] : []),
    ...(paper.kind === 'credit_note' && paper.toBalance ? [sum(words.toBalance, paper.toBalance)] : []),
    ...(settled.length > 0 ? [sum(words.amountDue, settlement?.amountDue ?? document.total, true)] : []),
  ];
}

function negated({ amount, currency }: MoneyJson): MoneyJson {
  return { amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}`, currency };
}

/** How to pay, and what the law or fairness asks to be said. */
export function drawNotes(context: PaperContext, top: number): void {
  const { sheet, speech } = context;
  const payment = paymentOf(context);
  const heading = sheet.block(speech.words.howToPay, { size: 9, weight: 'bold', color: COLOR.accent });
  const blocks = [
    ...(payment.length === 0 ? [] : [heading, ...payment.map((text) => sheet.block(text, { size: 8.5, linesMax: 3 }))]),
    ...remarksOf(context).map((text) => sheet.block(text, { size: 8.5, color: COLOR.muted, linesMax: 4 })),
  ];
  let y = top + 18;
  const height = blocks.reduce((sum, block) => sum + block.height + 2, 0);
  if (y + height > BOTTOM) y = nextPage(context, false);
  for (const block of blocks) {
    sheet.draw(block, 0, y);
    y += block.height + 2;
  }
}

function paymentOf({ speech, document, options }: PaperContext): string[] {
  const { words } = speech;
  const due = options.settlement?.amountDue ?? document.total;
  if (options.paper.kind === 'credit_note') return [];
  if (document.total.amount.startsWith('-')) return [words.creditKept];
  if (/^0*\.?0*$/.test(due.amount)) return [words.nothingToPay];
  const sentence = options.paper.kind === 'reminder' ? words.payNow : words.payBy;
  const by = document.dueAt === null ? [] : [sentence(dateOf(speech, document, document.dueAt), document.number)];
  return [...by, ...(document.issuer.payment ?? []).slice(0, 12)];
}

function remarksOf({ speech, document, options }: PaperContext): string[] {
  const { words } = speech;
  const { paper } = options;
  return [
    ...(paper.kind === 'credit_note' ? [`${words.reason}: ${paper.reason}`] : []),
    ...(paper.kind === 'credit_note' && paper.toBalance ? [words.creditKept] : []),
    ...(document.taxes.some(({ reverseCharge }) => reverseCharge === true) ? [words.reverseCharge] : []),
    ...(document.provisional === true ? [words.provisional] : []),
  ];
}
