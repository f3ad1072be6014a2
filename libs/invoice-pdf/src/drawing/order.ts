import type { PaperOptions, PrintedDocument } from '../printed-document.js';
import type { PrintedStatement } from '../statement/printed-statement.js';

/** What a thread is told to draw. It is copied there: plain data alone. */
export type Order =
  | { readonly kind: 'invoice'; readonly document: PrintedDocument; readonly options: PaperOptions }
  | { readonly kind: 'statement'; readonly statement: PrintedStatement; readonly contentHash: string };

/** What it answers: the file, or what was thrown while it was drawn. */
export type Drawn = { readonly bytes: Uint8Array } | { readonly error: unknown };
