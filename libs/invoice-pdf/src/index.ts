export { renderInvoicePdf } from './render.js';
export type {
  Paper,
  PaperOptions,
  PrintedBuyer,
  PrintedDocument,
  PrintedIssuer,
  PrintedLine,
  PrintedTax,
  Settlement,
} from './printed-document.js';
