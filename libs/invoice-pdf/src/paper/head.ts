import { calendarMonth, dayOf } from '@biplane/billing-calendar';
import { COLOR, CONTENT_WIDTH, PAGE } from '../page/sheet.js';
import { saidMoney, type PaperContext } from './context.js';
import { dateOf, titleOf } from './titles.js';

const COLUMN = 272;
const SIDE = CONTENT_WIDTH - COLUMN;
const GAP = 16;
const LABEL = 92;

/** Who sends it, what it is, who owes it, and how much by when. Returns the height at which the table begins. */
export function drawHead(context: PaperContext): number {
  const below = drawTitle(context);
  const { sheet } = context;
  sheet.rule(0, below + 10, CONTENT_WIDTH, COLOR.accent, 1.2);
  const parties = Math.max(drawBuyer(context, below + 26), drawFacts(context, below + 26));
  return drawBand(context, parties + 14) + 22;
}

/** On the pages after the first: whose and which paper this is. */
export function drawRunningHead({ sheet, speech, document, options }: PaperContext): number {
  const style = { size: 8, color: COLOR.muted, linesMax: 1 } as const;
  sheet.draw(sheet.block(document.issuer.name, { ...style, width: 240 }), 0, PAGE.top - 14);
  const title = `${titleOf(speech, options.paper)} ${document.number}`;
  sheet.draw(sheet.block(title, { ...style, width: 240, align: 'end' }), CONTENT_WIDTH - 240, PAGE.top - 14);
  return PAGE.top + 8;
}

function drawTitle({ sheet, speech, document, options }: PaperContext): number {
  const { issuer } = document;
  const { words } = speech;
  const name = sheet.block(issuer.name, { size: 13, weight: 'bold', width: COLUMN - GAP, linesMax: 3 });
  sheet.draw(name, 0, PAGE.top);
  let left = PAGE.top + name.height + 2;
  const details = [...issuer.address, ...(issuer.taxId === null ? [] : [`${words.taxId}: ${issuer.taxId}`])];
  for (const detail of details.slice(0, 8)) {
    const line = sheet.block(detail, { size: 8.5, color: COLOR.muted, width: COLUMN - GAP, linesMax: 2 });
    sheet.draw(line, 0, left);
    left += line.height;
  }
  const title = sheet.fitted(titleOf(speech, options.paper), {
    size: 24,
    weight: 'bold',
    color: COLOR.accent,
    width: SIDE,
    align: 'end',
    linesMax: 2,
  });
  sheet.draw(title, COLUMN, PAGE.top - 8);
  const number = sheet.fitted(document.number, { size: 11, width: SIDE, align: 'end', linesMax: 1 });
  sheet.draw(number, COLUMN, PAGE.top - 8 + title.height);
  return Math.max(left, PAGE.top - 8 + title.height + number.height);
}

function drawBuyer({ sheet, speech, document }: PaperContext, top: number): number {
  const { buyer } = document;
  const { words } = speech;
  const width = COLUMN - GAP;
  let y = top;
  const put = (text: string, style: { size: number; weight?: 'bold'; color?: string; linesMax: number }) => {
    const block = sheet.block(text, { ...style, width });
    sheet.draw(block, 0, y);
    y += block.height;
  };
  put(words.billTo, { size: 7.5, color: COLOR.muted, linesMax: 1 });
  put(buyer.name, { size: 10.5, weight: 'bold', linesMax: 5 });
  for (const line of (buyer.address ?? []).slice(0, 8)) put(line, { size: 8.5, linesMax: 2 });
  put(buyer.country, { size: 8.5, linesMax: 1 });
  if (buyer.taxId) put(`${words.taxId}: ${buyer.taxId}`, { size: 8.5, linesMax: 2 });
  return y;
}

function drawFacts(context: PaperContext, top: number): number {
  const { sheet } = context;
  let y = top;
  for (const [label, value] of factsOf(context)) {
    const name = sheet.block(label, { size: 8.5, color: COLOR.muted, width: LABEL, linesMax: 2 });
    const said = sheet.fitted(value, { size: 8.5, width: SIDE - LABEL - 4, align: 'end', linesMax: 3 });
    sheet.draw(name, COLUMN, y);
    sheet.draw(said, COLUMN + LABEL + 4, y);
    y += Math.max(name.height, said.height) + 3;
  }
  return y;
}

function factsOf({ speech, document, options }: PaperContext): [string, string][] {
  const { words } = speech;
  const { paper } = options;
  const on = (instant: string) => dateOf(speech, document, instant);
  const days = calendarMonth(document.billedMonth, 'UTC');
  const first = speech.date(dayOf(days.from, 'UTC'));
  const last = speech.date(dayOf(new Date(days.to.getTime() - 1), 'UTC'));
  return [
    [words.number, document.number],
    ...(paper.kind === 'credit_note' ? [[words.corrects, paper.corrects] as const] : []),
    ...(paper.kind === 'reminder' ? [[words.sent, on(paper.at)] as const] : []),
    [words.issued, on(document.issuedAt)],
    ...(document.dueAt === null || paper.kind === 'credit_note' ? [] : [[words.due, on(document.dueAt)] as const]),
    [words.period, `${first} – ${last}`],
  ].map(([label, value]) => [label as string, value as string]);
}

/** The one number that people look for. */
function drawBand({ sheet, speech, document, options }: PaperContext, top: number): number {
  const { words } = speech;
  const credited = options.paper.kind === 'credit_note';
  const due = options.settlement?.amountDue ?? document.total;
  const reminded =
    options.paper.kind === 'reminder' && document.dueAt !== null
      ? sheet.block(
          words.reminded(speech.count(options.paper.level), document.number, dateOf(speech, document, document.dueAt)),
          { size: 9.5, weight: 'bold', width: CONTENT_WIDTH },
        )
      : null;
  if (reminded !== null) sheet.draw(reminded, 0, top);
  const y = top + (reminded === null ? 0 : reminded.height + 8);
  const label = sheet.block(credited ? words.credited : words.amountDue, { size: 10, width: 150, linesMax: 2 });
  const by =
    credited || document.dueAt === null
      ? null
      : sheet.block(`${words.due}: ${dateOf(speech, document, document.dueAt)}`, {
          size: 8,
          color: COLOR.muted,
          width: 150,
          linesMax: 2,
        });
  const amount = sheet.fitted(saidMoney(speech, due), {
    size: 17,
    weight: 'bold',
    color: COLOR.accent,
    width: CONTENT_WIDTH - 28 - 160,
    align: 'end',
  });
  const labels = label.height + (by?.height ?? 0);
  const height = Math.max(labels, amount.height) + 18;
  sheet.fill(0, y, CONTENT_WIDTH, height, COLOR.band);
  sheet.draw(label, 14, y + (height - labels) / 2);
  if (by !== null) sheet.draw(by, 14, y + (height - labels) / 2 + label.height);
  sheet.draw(amount, 14 + 160, y + (height - amount.height) / 2);
  return y + height;
}
