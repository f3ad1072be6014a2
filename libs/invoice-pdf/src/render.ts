import { toBytes } from 'pdfkit/output';
import { openFonts } from './fonts.js';
import { speechOf } from './locales/index.js';
import { PAGE, Sheet } from './page/sheet.js';
import { StableDocument } from './page/stable-document.js';
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
  const file = openFile(document, options, speech.language, titleOf(speech, options.paper));
  const context = { sheet: new Sheet(file, openFonts(), speech.rtl), speech, document, options };
  context.sheet.addPage();
  drawNotes(context, drawTotals(context, drawTable(context, drawHead(context))));
  const { count } = file.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    file.switchToPage(page);
    drawFoot(context, page + 1, count);
  }
  const bytes = toBytes(file);
  file.end();
  return await bytes;
}

function openFile(document: PrintedDocument, { paper, contentHash }: PaperOptions, lang: string, title: string) {
  return new StableDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    bufferPages: true,
    autoFirstPage: false,
    pdfVersion: '1.7',
    lang,
    displayTitle: true,
    // No font of its own: the fourteen standard ones are not embedded and know Latin only.
    font: null as unknown as string,
    // The file's id is taken of these, so it is that of the document too.
    info: {
      Title: `${title} ${document.number}`,
      Author: document.issuer.name,
      Subject: document.number,
      Keywords: contentHash,
      Creator: 'Biplane',
      Producer: 'Biplane',
      CreationDate: new Date(paper.kind === 'reminder' ? paper.at : document.issuedAt),
    },
  });
}
