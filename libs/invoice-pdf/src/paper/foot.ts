import { COLOR, CONTENT_WIDTH, PAGE } from '../page/sheet.js';
import type { PaperContext } from './context.js';

const TOP = PAGE.height - 56;

/** On every page, once their number is known. */
export function drawFoot({ sheet, speech, document, options }: PaperContext, page: number, of: number): void {
  const { issuer } = document;
  const { words, count } = speech;
  sheet.rule(0, TOP, CONTENT_WIDTH);
  const sender = issuer.taxId === null ? issuer.name : `${issuer.name} · ${words.taxId}: ${issuer.taxId}`;
  const style = { size: 7.5, color: COLOR.muted, linesMax: 1 } as const;
  sheet.draw(sheet.block(sender, { ...style, width: 330 }), 0, TOP + 6);
  const pages = sheet.block(words.page(count(page), count(of)), { ...style, width: 150, align: 'end' });
  sheet.draw(pages, CONTENT_WIDTH - 150, TOP + 6);
  sheet.draw(sheet.block(`SHA-256 ${options.contentHash}`, { ...style, size: 6, color: COLOR.muted }), 0, TOP + 18);
}
