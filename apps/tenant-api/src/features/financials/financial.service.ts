import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, money, moneyToJson, type Clock, type Money } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { bookingInstant, movementOf, type EntryKind } from './domain/entry.js';
import { FinancialErrors } from './financials.errors.js';
import {
  balanceBefore,
  findAccount,
  findAccountOf,
  insertAccount,
  insertEntries,
  lockAccounts,
  ownAccount,
  paidOn,
  type Account,
  type NewEntry,
} from './ledger.store.js';

/** Something to book on a member's account. */
export interface Booking {
  readonly accountId: string;
  readonly amount: Money;
  readonly description: string;
  readonly reference?: string | null;
  /** When it happened outside; decides nothing. */
  readonly valueAt?: Date | null;
  readonly actor: string;
  readonly licenseVersion?: number | null;
}

/**
 * The ledger of one deployment: what its members owe it. Every method takes the transaction of that deployment's database; nothing is
 * ever changed, what was wrong is booked again with the other sign. Errors are `FINANCIALS.*`.
 */
@Injectable()
export class FinancialService {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** One account for each member and currency. */
  async openAccount(tx: Tx, memberId: string, currency: string): Promise<Account> {
    const id = this.ids.uuid();
    const opened = await insertAccount(tx, { id, memberId, currency, at: this.clock.now() });
    const account = await findAccountOf(tx, memberId, currency);
    if (!account) {
      const detail = `There is no member ${memberId}`;
      throw new RefusalError(FinancialErrors.MEMBER_UNKNOWN({ detail }));
    }
    if (opened) return account;
    const detail = `The member has account ${account.id} in ${currency}`;
    throw new RefusalError(FinancialErrors.ACCOUNT_EXISTS({ detail, members: { accountId: account.id } }));
  }

  async account(tx: Tx, id: string): Promise<Account> {
    const account = await findAccount(tx, id);
    if (account) return account;
    throw unknownAccount(id);
  }

  /** Owed by the member: against revenue. */
  charge(tx: Tx, booking: Booking): Promise<NewEntry> {
    return this.book(tx, 'charge', booking);
  }

  /** Received from the member: against cash. */
  payment(tx: Tx, booking: Booking): Promise<NewEntry> {
    return this.book(tx, 'payment', booking);
  }

  /** Paid back to the member: against cash, and never more than was paid on the account and not paid back yet. */
  refund(tx: Tx, booking: Booking): Promise<NewEntry> {
    return this.book(tx, 'refund', booking);
  }

  /** Given to the member: against adjustments. */
  credit(tx: Tx, booking: Booking): Promise<NewEntry> {
    return this.book(tx, 'credit', booking);
  }

  /** A correction: above zero the member owes more, below zero less. */
  adjustment(tx: Tx, booking: Booking): Promise<NewEntry> {
    return this.book(tx, 'adjustment', booking);
  }

  /** What the member owes at the instant, all that was booked until then included; below zero the tenant owes it. */
  async balance(tx: Tx, accountId: string, at: Date = this.clock.now()): Promise<Money> {
    const account = await this.account(tx, accountId);
    return balanceBefore(tx, account, new Date(at.getTime() + 1));
  }

  async book(tx: Tx, kind: EntryKind, booking: Booking): Promise<NewEntry> {
    const [entry] = await this.bookAll(tx, kind, [booking]);
    return entry!;
  }

  /**
   * Many of one kind, in a constant number of statements; the accounts stay locked until the transaction ends, by the caller when it gives
   * them.
   */
  async bookAll(
    tx: Tx,
    kind: EntryKind,
    bookings: readonly Booking[],
    locked?: ReadonlyMap<string, Account>,
  ): Promise<readonly NewEntry[]> {
    const accounts = locked ?? (await lockAccounts(tx, [...new Set(bookings.map(({ accountId }) => accountId))]));
    const now = this.clock.now();
    // Read once they are locked: of two refunds at once the later one sees the other.
    const refundable = kind === 'refund' ? await paidOn(tx, [...accounts.keys()]) : null;
    const own = new Map<string, string>();
    const entries: NewEntry[] = [];
    for (const booking of bookings) {
      const account = accounts.get(booking.accountId);
      if (!account) throw unknownAccount(booking.accountId);
      const { member, counterpart } = movementOf(kind, bookable(kind, booking.amount, account));
      if (refundable !== null) takeRefund(refundable, account, booking.amount);
      const { currency } = account;
      const counterpartId =
        own.get(currency) ?? (await ownAccount(tx, { newId: this.ids.uuid(), kind: counterpart, currency, at: now }));
      own.set(currency, counterpartId);
      entries.push({
        id: this.ids.uuid(),
        kind,
        accountId: account.id,
        bookedAt: bookingInstant(account, now),
        valueAt: booking.valueAt ?? null,
        description: booking.description,
        reference: booking.reference ?? null,
        actor: booking.actor,
        licenseVersion: booking.licenseVersion ?? null,
        member,
        counterpartId,
      });
    }
    await insertEntries(tx, entries);
    return entries;
  }
}

function bookable(kind: EntryKind, amount: Money, account: Account): Money {
  if (amount.currency !== account.currency) {
    const detail = `The account is in ${account.currency}, the amount in ${amount.currency}`;
    throw new RefusalError(FinancialErrors.CURRENCY_MISMATCH({ detail }));
  }
  if (amount.minor > 0n || (kind === 'adjustment' && amount.minor !== 0n)) return amount;
  const detail = `A ${kind} of ${moneyToJson(amount).amount} ${amount.currency} cannot be booked`;
  throw new RefusalError(FinancialErrors.AMOUNT_INVALID({ detail }));
}

function takeRefund(refundable: Map<string, bigint>, { id, currency }: Account, { minor }: Money): void {
  const left = refundable.get(id) ?? 0n;
  refundable.set(id, left - minor);
  if (minor <= left) return;
  const most = moneyToJson(money(left < 0n ? 0n : left, currency));
  const detail = `${most.amount} ${currency} were paid on the account and not paid back`;
  throw new RefusalError(FinancialErrors.REFUND_EXCEEDS_PAYMENTS({ detail, members: { refundable: most } }));
}

function unknownAccount(id: string): RefusalError {
  return new RefusalError(FinancialErrors.ACCOUNT_UNKNOWN({ detail: `There is no account ${id}` }));
}
