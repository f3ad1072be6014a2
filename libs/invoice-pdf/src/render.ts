import { openFonts } from './fonts.js';
import { speechOf } from './locales/index.js';
import { closePaper, openPaper } from './page/paper-file.js';
import { Sheet } from './page/sheet.js';
import { drawFoot } from './paper/foot.js';
import { drawHead } from './paper/head.js';
import { drawTable } from './paper/table.js';
import { titleOf } from './paper/titles.js';
import { drawNotes, drawTotals } from './paper/totals.js';
import type { PaperOptions, PrintedDocument } from './printed-document.js';

/**
 * The paper of a document: PDF 1.7 with its fonts inside. The same document and options give the same bytes, in any
 * process, time zone and environment. Throws a `RangeError` on amounts that are no decimals: a bug of the caller.
 */
export async function renderInvoicePdf(document: PrintedDocument, options: PaperOptions): Promise<Uint8Array> {
  const speech = speechOf(document.buyer.locale);
  const { paper, contentHash } = options;
  const file = openPaper({
    language: speech.language,
    title: `${titleOf(speech, paper)} ${document.number}`,
    author: document.issuer.name,
    subject: document.number,
    contentHash,
    createdAt: paper.kind === 'reminder' ? paper.at : document.issuedAt,
  });
  const context = { sheet: new Sheet(file, openFonts(), speech.rtl), speech, document, options };
  context.sheet.addPage();
  drawNotes(context, drawTotals(context, drawTable(context, drawHead(context))));
  return closePaper(file, (page, of) => drawFoot(context, page, of));
}
