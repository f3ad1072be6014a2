import type { Speech } from '../locales/index.js';
import type { Sheet } from '../page/sheet.js';
import type { PaperOptions, PrintedDocument } from '../printed-document.js';
import type { MoneyJson } from '@biplane/kernel';

/** What every part of a paper is drawn from. */
export interface PaperContext {
  readonly sheet: Sheet;
  readonly speech: Speech;
  readonly document: PrintedDocument;
  readonly options: PaperOptions;
}

/** The currency by its code: "$" is the sign of twenty of them. */
export function saidMoney({ number }: Speech, { amount, currency }: MoneyJson): string {
  return `${currency} ${number(amount)}`;
}
