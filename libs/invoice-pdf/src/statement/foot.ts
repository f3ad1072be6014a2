import { COLOR, CONTENT_WIDTH, PAGE } from '../page/sheet.js';
import type { StatementContext } from './context.js';

const TOP = PAGE.height - 66;

/** On every page, once their number is known. */
export function drawStatementFoot(context: StatementContext, page: number, of: number): void {
  const { sheet, speech, statement, contentHash } = context;
  const { words, count } = speech;
  sheet.rule(0, TOP, CONTENT_WIDTH);
  const style = { size: 7.5, color: COLOR.muted } as const;
  const own = statement.sender?.footer ?? statement.sender?.name ?? '';
  if (own !== '') sheet.draw(sheet.block(own, { ...style, width: 340, linesMax: 2 }), 0, TOP + 6);
  const pages = sheet.block(words.page(count(page), count(of)), { ...style, width: 140, align: 'end', linesMax: 1 });
  sheet.draw(pages, CONTENT_WIDTH - 140, TOP + 6);
  sheet.draw(sheet.block(`SHA-256 ${contentHash}`, { ...style, size: 6, linesMax: 1 }), 0, TOP + 29);
}
