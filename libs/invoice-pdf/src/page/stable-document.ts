import { zlibSync } from 'fflate';
import PDFDocument from 'pdfkit';

/** What pdfkit keeps of an object of the file. Not in its types. */
interface Reference {
  data: Record<string, unknown>;
  buffer: Uint8Array[];
  finalize(): void;
}

/**
 * A PDF of which the bytes depend on nothing but what is drawn: streams are packed by a compressor in JavaScript, because
 * the one of Node gives other bytes on another processor. pdfkit itself is told not to compress.
 */
export class StableDocument extends PDFDocument {
  constructor(options: PDFKit.PDFDocumentOptions) {
    super({ ...options, compress: false });
  }

  override ref(data: object): ReturnType<PDFKit.PDFDocument['ref']> {
    const plain = super.ref(data);
    const reference = plain as unknown as Reference;
    const finalize = reference.finalize.bind(reference);
    reference.finalize = () => {
      if (reference.buffer.length > 0 && reference.data['Filter'] === undefined) {
        reference.buffer = [zlibSync(Buffer.concat(reference.buffer))];
        reference.data['Filter'] = 'FlateDecode';
      }
      finalize();
    };
    return plain;
  }
}
