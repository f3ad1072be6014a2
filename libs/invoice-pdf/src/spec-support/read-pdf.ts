import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** What a reader of the file finds in it, by a program that shares no code with the one that wrote it. */
export interface ReadPdf {
  readonly pages: number;
  /** Of each page, its pieces joined by spaces in the order in which they were drawn. */
  readonly texts: readonly string[];
  readonly text: string;
  /** Of each page, the lowest point of what stands above the foot, in points from the bottom. */
  readonly lowest: readonly number[];
  readonly info: Readonly<Record<string, unknown>>;
  readonly fingerprint: string;
}

const FOOT = 50;

export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const task = getDocument({ data: new Uint8Array(bytes), useSystemFonts: false, verbosity: 0 });
  const document = await task.promise;
  const texts: string[] = [];
  const lowest: number[] = [];
  for (let number = 1; number <= document.numPages; number += 1) {
    const content = await (await document.getPage(number)).getTextContent();
    const heights = content.items.flatMap((item) => ('transform' in item ? [Number(item.transform[5])] : []));
    lowest.push(Math.min(...heights.filter((height) => height > FOOT)));
    texts.push(
      content.items
        .map((item) => ('str' in item ? item.str : ''))
        .join(' ')
        .replace(/\s+/g, ' '),
    );
  }
  const { info } = await document.getMetadata();
  const read = {
    pages: document.numPages,
    texts,
    lowest,
    text: texts.join('\n'),
    info: info as Record<string, unknown>,
    fingerprint: String(document.fingerprints[0]),
  };
  await task.destroy();
  return read;
}

/** The names of the fonts that the file uses, and how many font files are inside. */
export function fontsOf(bytes: Uint8Array): { readonly names: string[]; readonly embedded: number } {
  const text = Buffer.from(bytes).toString('latin1');
  return {
    names: [...text.matchAll(/\/BaseFont \/([^\s/]+)/g)].map((match) => String(match[1])),
    embedded: [...text.matchAll(/\/FontFile2 /g)].length,
  };
}
