export { Papers } from './drawing/papers.js';
export { isSpoken } from './locales/index.js';
export type { EntryKind } from './locales/words.js';
export { LOGO_LIMITS, type Logo, type LogoFault } from './logo/limits.js';
export { readLogo } from './logo/logo.js';
export type { Picture } from './page/sheet.js';
export type { PrintedEntry, PrintedSender, PrintedStatement } from './statement/printed-statement.js';
export { statementLetter } from './statement/letter.js';
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
