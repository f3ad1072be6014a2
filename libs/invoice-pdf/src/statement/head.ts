import { COLOR, CONTENT_WIDTH, PAGE } from '../page/sheet.js';
import { saidMoney } from '../paper/context.js';
import { dateIn, daysOf, type StatementContext } from './context.js';

const COLUMN = 272;
const SIDE = CONTENT_WIDTH - COLUMN;
const GAP = 16;
const LABEL = 92;
const LOGO = { width: 170, height: 56 } as const;
const DETAILS_MAX = 14;

/** Who sends it, for whom it is, of which time it tells, and what is owed at its end. Returns the height at which the table begins. */
export function drawStatementHead(context: StatementContext): number {
  const below = Math.max(drawSender(context), drawTitle(context));
  const { sheet } = context;
  sheet.rule(0, below + 10, CONTENT_WIDTH, COLOR.accent, 1.2);
  const facts = Math.max(drawAddressee(context, below + 26), drawFacts(context, below + 26));
  return drawClosing(context, facts + 14) + 22;
}

/** On the pages after the first: whose statement this is. */
export function drawRunningHead({ sheet, speech, statement }: StatementContext): number {
  const style = { size: 8, color: COLOR.muted, linesMax: 1 } as const;
  const { sender, id } = statement;
  if (sender !== null) sheet.draw(sheet.block(sender.name, { ...style, width: 240 }), 0, PAGE.top - 14);
  const title = sheet.block(`${speech.words.statement.title} ${id}`, { ...style, width: 250, align: 'end' });
  sheet.draw(title, CONTENT_WIDTH - 250, PAGE.top - 14);
  return PAGE.top + 8;
}

function drawSender({ sheet, speech, statement }: StatementContext): number {
  const { sender } = statement;
  if (sender === null) return PAGE.top;
  const { words } = speech;
  let y = PAGE.top;
  if (sender.logo !== null) y += sheet.picture(sender.logo, 0, y, LOGO) + 8;
  const name = sheet.block(sender.name, { size: 13, weight: 'bold', width: COLUMN - GAP, linesMax: 3 });
  sheet.draw(name, 0, y);
  y += name.height + 2;
  const details = [
    ...sender.address,
    ...(sender.taxId === null ? [] : [`${words.taxId}: ${sender.taxId}`]),
    ...(sender.registration === null ? [] : [`${words.statement.registration}: ${sender.registration}`]),
    ...sender.contact,
  ];
  for (const detail of details.slice(0, DETAILS_MAX)) {
    const line = sheet.block(detail, { size: 8.5, color: COLOR.muted, width: COLUMN - GAP, linesMax: 2 });
    sheet.draw(line, 0, y);
    y += line.height;
  }
  return y;
}

function drawTitle({ sheet, speech }: StatementContext): number {
  const style = { size: 22, weight: 'bold', color: COLOR.accent, width: SIDE, align: 'end', linesMax: 2 } as const;
  const title = sheet.fitted(speech.words.statement.title, style);
  sheet.draw(title, COLUMN, PAGE.top - 8);
  return PAGE.top - 8 + title.height;
}

function drawAddressee({ sheet, speech, statement }: StatementContext, top: number): number {
  const width = COLUMN - GAP;
  const label = sheet.block(speech.words.statement.to, { size: 7.5, color: COLOR.muted, linesMax: 1, width });
  const name = sheet.block(statement.addressee, { size: 10.5, weight: 'bold', linesMax: 5, width });
  sheet.draw(label, 0, top);
  sheet.draw(name, 0, top + label.height);
  return top + label.height + name.height;
}

function drawFacts({ sheet, speech, statement }: StatementContext, top: number): number {
  const { words } = speech;
  const facts: readonly (readonly [string, string])[] = [
    [words.statement.reference, statement.id],
    [words.statement.account, statement.accountId],
    [words.issued, dateIn(speech, statement, statement.issuedAt)],
    [words.period, daysOf(speech, statement).join(' – ')],
  ];
  let y = top;
  for (const [label, value] of facts) {
    const name = sheet.block(label, { size: 8.5, color: COLOR.muted, width: LABEL, linesMax: 2 });
    const said = sheet.fitted(value, { size: 8.5, width: SIDE - LABEL - 4, align: 'end', linesMax: 3 });
    sheet.draw(name, COLUMN, y);
    sheet.draw(said, COLUMN + LABEL + 4, y);
    y += Math.max(name.height, said.height) + 3;
  }
  return y;
}

/** The one number that people look for, and what it means. */
function drawClosing({ sheet, speech, statement }: StatementContext, top: number): number {
  const { words } = speech;
  const { closing } = statement;
  const isZero = /^-?0*\.?0*$/.test(closing.amount);
  const { owed, inFavor } = words.statement;
  const meaning = isZero ? words.nothingToPay : closing.amount.startsWith('-') ? inFavor : owed;
  const label = sheet.block(words.statement.closing, { size: 10, width: 180, linesMax: 2 });
  const said = sheet.block(meaning, { size: 8, color: COLOR.muted, width: 180, linesMax: 2 });
  const amount = sheet.fitted(saidMoney(speech, closing), {
    size: 17,
    weight: 'bold',
    color: COLOR.accent,
    width: CONTENT_WIDTH - 28 - 190,
    align: 'end',
  });
  const labels = label.height + said.height;
  const height = Math.max(labels, amount.height) + 18;
  sheet.fill(0, top, CONTENT_WIDTH, height, COLOR.band);
  sheet.draw(label, 14, top + (height - labels) / 2);
  sheet.draw(said, 14, top + (height - labels) / 2 + label.height);
  sheet.draw(amount, 14 + 190, top + (height - amount.height) / 2);
  return top + height;
}
