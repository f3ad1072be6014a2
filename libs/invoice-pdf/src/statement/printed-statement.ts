import type { MoneyJson } from '@biplane/kernel';
import type { EntryKind } from '../locales/words.js';
import type { Picture } from '../page/sheet.js';

/**
 * What a member is told, as the tenant sealed it. Amounts and balances are decimal strings and stay strings: nothing is computed here.
 * An amount above zero is owed by the member.
 */
export interface PrintedStatement {
  readonly id: string;
  /** Null where the tenant had no letterhead yet: the paper names no sender then. */
  readonly sender: PrintedSender | null;
  /** Whom it is for: a name, or what stands for one that was erased. */
  readonly addressee: string;
  readonly accountId: string;
  /** BCP 47; labels, dates and numbers follow it. */
  readonly locale: string;
  /** In whose days the dates of the paper are. */
  readonly timeZone: string;
  /** `[from, to)`. */
  readonly from: string;
  readonly to: string;
  readonly issuedAt: string;
  readonly opening: MoneyJson;
  readonly closing: MoneyJson;
  readonly entries: readonly PrintedEntry[];
}

export interface PrintedEntry {
  readonly kind: EntryKind;
  readonly bookedAt: string;
  readonly description: string;
  readonly reference: string | null;
  readonly amount: MoneyJson;
  /** After the entry. */
  readonly balance: MoneyJson;
}

/** The letterhead of a tenant. */
export interface PrintedSender {
  readonly name: string;
  readonly address: readonly string[];
  readonly taxId: string | null;
  readonly registration: string | null;
  /** Telephone, mail, web: line by line. */
  readonly contact: readonly string[];
  readonly footer: string | null;
  /** As `readLogo` gave it. */
  readonly logo: Picture | null;
}
