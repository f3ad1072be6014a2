import { addMoney, canonicalJson, compareMoney, money, moneyToJson, type Money, type MoneyJson } from '@biplane/kernel';

/** What a statement tells, to be sealed: who it is for is not in it, so that a person can be forgotten and the books stay. */
export interface StatementContent {
  readonly version: 1;
  readonly id: string;
  readonly accountId: string;
  readonly from: string;
  readonly to: string;
  readonly issuedAt: string;
  readonly opening: MoneyJson;
  readonly closing: MoneyJson;
  readonly entries: readonly StatedEntry[];
}

export interface StatedEntry {
  readonly id: string;
  readonly kind: string;
  readonly bookedAt: string;
  readonly description: string;
  readonly reference: string | null;
  readonly amount: MoneyJson;
  /** Owed after it. */
  readonly balance: MoneyJson;
}

export interface Stated {
  readonly id: string;
  readonly accountId: string;
  readonly from: Date;
  readonly to: Date;
  readonly issuedAt: Date;
  readonly opening: Money;
  readonly closing: Money;
}

export interface MovedEntry {
  readonly id: string;
  readonly kind: string;
  readonly bookedAt: Date;
  readonly description: string;
  readonly reference: string | null;
  readonly amountMinor: bigint;
}

/** As canonical JSON. The entries are in the order in which they were booked; one that does not add up is a bug, and is not sealed. */
export function sealedContent(statement: Stated, entries: readonly MovedEntry[]): string {
  const { id, accountId, from, to, issuedAt, opening, closing } = statement;
  let balance = opening;
  const stated = entries.map(({ amountMinor, bookedAt, ...entry }): StatedEntry => {
    const amount = money(amountMinor, opening.currency);
    balance = addMoney(balance, amount);
    return {
      ...{ id: entry.id, kind: entry.kind, description: entry.description, reference: entry.reference },
      bookedAt: bookedAt.toISOString(),
      amount: moneyToJson(amount),
      balance: moneyToJson(balance),
    };
  });
  if (compareMoney(balance, closing) !== 0) {
    throw new Error(`The entries of statement ${id} do not lead from its opening to its closing balance`);
  }
  const content: StatementContent = {
    version: 1,
    ...{ id, accountId },
    from: from.toISOString(),
    to: to.toISOString(),
    issuedAt: issuedAt.toISOString(),
    opening: moneyToJson(opening),
    closing: moneyToJson(closing),
    entries: stated,
  };
  return canonicalJson(content);
}
