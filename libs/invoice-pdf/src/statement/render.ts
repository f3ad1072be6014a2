import { openFonts } from '../fonts.js';
import { speechOf } from '../locales/index.js';
import { closePaper, openPaper } from '../page/paper-file.js';
import { Sheet } from '../page/sheet.js';
import { drawStatementFoot } from './foot.js';
import { drawStatementHead } from './head.js';
import type { PrintedStatement } from './printed-statement.js';
import { drawEntries } from './table.js';

/**
 * The paper of a statement. The same statement gives the same bytes, in any process, time zone and environment. Throws a `RangeError`
 * on amounts that are no decimals: a bug of the caller.
 */
export async function renderStatementPdf(
  statement: PrintedStatement,
  { contentHash }: { readonly contentHash: string },
): Promise<Uint8Array> {
  const speech = speechOf(statement.locale);
  const file = openPaper({
    language: speech.language,
    title: `${speech.words.statement.title} ${statement.id}`,
    author: statement.sender?.name ?? '',
    subject: statement.id,
    contentHash,
    createdAt: statement.issuedAt,
  });
  const context = { sheet: new Sheet(file, openFonts(), speech.rtl), speech, statement, contentHash };
  context.sheet.addPage();
  drawEntries(context, drawStatementHead(context));
  return closePaper(file, (page, of) => drawStatementFoot(context, page, of));
}
