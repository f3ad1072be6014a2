import { dayOf } from '@biplane/billing-calendar';
import type { Speech } from '../locales/index.js';
import type { Paper, PrintedDocument } from '../printed-document.js';

export function titleOf({ words, count }: Speech, paper: Paper): string {
  switch (paper.kind) {
    case 'invoice':
      return words.invoice;
    case 'credit_note':
      return words.creditNote;
    case 'reminder':
      return words.reminder(count(paper.level));
  }
}

/** The dates of a paper are days of its issuer, in whose zone its number was taken. */
export function dateOf({ date }: Speech, { issuer }: PrintedDocument, instant: string): string {
  return date(dayOf(new Date(instant), issuer.timeZone));
}
