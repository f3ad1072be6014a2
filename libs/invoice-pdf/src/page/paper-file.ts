import { toBytes } from 'pdfkit/output';
import { PAGE } from './sheet.js';
import { StableDocument } from './stable-document.js';

/** What the file says of itself. */
export interface FileIdentity {
  readonly language: string;
  readonly title: string;
  readonly author: string;
  /** The number or id of the document. */
  readonly subject: string;
  /** SHA-256 of the document, hexadecimal. */
  readonly contentHash: string;
  readonly createdAt: string;
}

export function openPaper({ language, title, author, subject, contentHash, createdAt }: FileIdentity): StableDocument {
  return new StableDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    bufferPages: true,
    autoFirstPage: false,
    pdfVersion: '1.7',
    lang: language,
    displayTitle: true,
    // No font of its own: the fourteen standard ones are not embedded and know Latin only.
    font: null as unknown as string,
    // The file's id is taken of these, so it is that of the document too.
    info: {
      Title: title,
      Author: author,
      Subject: subject,
      Keywords: contentHash,
      Creator: 'Biplane',
      Producer: 'Biplane',
      CreationDate: new Date(createdAt),
    },
  });
}

/** Feet are drawn last, when the pages are counted. */
export async function closePaper(
  file: StableDocument,
  drawFoot: (page: number, of: number) => void,
): Promise<Uint8Array> {
  const { count } = file.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    file.switchToPage(page);
    drawFoot(page + 1, count);
  }
  const bytes = toBytes(file);
  file.end();
  return await bytes;
}
