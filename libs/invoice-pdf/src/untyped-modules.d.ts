// What these packages export, of which nobody publishes types.

declare module 'linebreak' {
  export default class LineBreaker {
    constructor(text: string);
    /** The next place at which a line may end, or null behind the last. */
    nextBreak(): { readonly position: number; readonly required: boolean } | null;
  }
}

declare module 'pdfkit/output' {
  export function toBytes(document: PDFKit.PDFDocument): Promise<Uint8Array>;
}
