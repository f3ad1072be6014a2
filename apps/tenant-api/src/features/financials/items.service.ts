import { Inject, Injectable } from '@nestjs/common';
import { dayOf, startOfDay } from '@biplane/billing-calendar';
import {
  compareDecimal, decimal, isZeroDecimal, multiplyDecimal, RefusalError, type Clock, type Decimal, type Money,
} from '@biplane/kernel'; // prettier-ignore
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { nextDueAt } from './domain/item-periods.js';
import { FinancialErrors } from './financials.errors.js';
import { FinancialService } from './financial.service.js';
import {
  decidedThrough, findItem, holdMember, insertItem, lockItem, lockItemsOf, saveEnds, type AccountItem, type ItemEnd,
} from './items.store.js'; // prettier-ignore
import type { Account } from './ledger.store.js';
import { findProduct } from './products.store.js';

const PERIOD_MINOR_MAX = 10n ** 15n;

export interface NewItem {
  readonly accountId: string;
  readonly productCode: string;
  readonly description: string;
  readonly price: Money;
  readonly quantity: Decimal;
  readonly months: number;
  readonly timeZone: string;
  /** Local days, the end exclusive. */
  readonly startsOn: string;
  readonly endsOn: string | null;
  /** The start when it is left out. */
  readonly anchor: string | null;
  readonly externalId: string | null;
}

/** What members are charged for, again and again. */
@Injectable()
export class AccountItems {
  constructor(
    @Inject(FinancialService) private readonly financials: FinancialService,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async add(tx: Tx, wanted: NewItem): Promise<AccountItem> {
    const account = await this.refuseErased(tx, wanted.accountId);
    if (wanted.price.currency !== account.currency) {
      const detail = `The account is in ${account.currency}, the price in ${wanted.price.currency}`;
      throw new RefusalError(FinancialErrors.CURRENCY_MISMATCH({ detail }));
    }
    const product = await findProduct(tx, wanted.productCode);
    if (!product || product.archivedAt !== null) {
      const detail = `There is no product "${wanted.productCode}" that takes items`;
      throw new RefusalError(FinancialErrors.PRODUCT_UNKNOWN({ detail }));
    }
    const problem = unchargeable(wanted);
    if (problem !== null) throw invalid(problem);
    const due = this.begin(wanted);
    if (await insertItem(tx, due)) return due;
    throw new RefusalError(
      FinancialErrors.EXTERNAL_ID_TAKEN({ detail: `An item has the external id ${wanted.externalId}` }),
    );
  }

  /** As it is stored, nothing of it decided yet. */
  begin(wanted: NewItem): AccountItem {
    const { startsOn, endsOn, anchor, ...terms } = wanted;
    const item: AccountItem = {
      ...terms,
      id: this.ids.uuid(),
      anchor: anchor ?? startsOn,
      startsAt: startOfDay(startsOn, wanted.timeZone),
      endsAt: endsOn === null ? null : startOfDay(endsOn, wanted.timeZone),
      nextDueAt: null,
      createdAt: this.clock.now(),
    };
    return { ...item, nextDueAt: nextDueAt(item, item.startsAt) };
  }

  async item(tx: Tx, id: string): Promise<AccountItem> {
    const item = await findItem(tx, id);
    if (item) return item;
    throw new RefusalError(FinancialErrors.ITEM_UNKNOWN({ detail: `There is no item ${id}` }));
  }

  /** The first local day on which it runs no longer; null lets it go on. Nothing that was charged is taken back. */
  async end(tx: Tx, id: string, endsOn: string | null): Promise<AccountItem> {
    const item = await lockItem(tx, id);
    if (!item) throw new RefusalError(FinancialErrors.ITEM_UNKNOWN({ detail: `There is no item ${id}` }));
    const endsAt = endsOn === null ? null : startOfDay(endsOn, item.timeZone);
    const { decided, owed } = (await decidedThrough(tx, [id])).get(id) ?? UNDECIDED;
    if (endsAt !== null && owed !== null && endsAt < owed) {
      const day = dayOf(owed, item.timeZone);
      const detail = `It is charged until ${day}`;
      throw new RefusalError(FinancialErrors.ITEM_CHARGED_BEYOND({ detail, members: { chargedUntil: day } }));
    }
    const isOver = item.endsAt !== null && decided !== null && item.endsAt <= decided;
    if (isOver && (endsAt === null || endsAt > item.endsAt!)) throw invalid('It ran to its end: add another item');
    if (endsAt !== null && endsAt < item.startsAt) throw invalid('It ends before it starts');
    if (endsAt === null || (item.endsAt !== null && endsAt > item.endsAt)) await this.refuseErased(tx, item.accountId);
    const ended = { ...item, endsAt };
    const next = nextDueAt(ended, decided ?? item.startsAt);
    await saveEnds(tx, [{ id, endsAt, nextDueAt: next }]);
    return { ...ended, nextDueAt: next };
  }

  /** All that a member has, with today or where it is charged until: nobody is there whom it could be charged to. */
  async endAllOf(tx: Tx, memberId: string): Promise<void> {
    const items = await lockItemsOf(tx, memberId);
    const through = await decidedThrough(
      tx,
      items.map(({ id }) => id),
    );
    const ends: ItemEnd[] = [];
    for (const item of items) {
      const { decided, owed } = through.get(item.id) ?? UNDECIDED;
      const today = dayOf(this.clock.now(), item.timeZone);
      const tomorrow = startOfDay(dayAfter(today), item.timeZone);
      const isRunning = item.startsAt < tomorrow;
      const endsAt = latest(item.startsAt, ...(isRunning ? [tomorrow] : []), ...(owed === null ? [] : [owed]));
      if (item.endsAt !== null && item.endsAt <= endsAt) continue;
      ends.push({ id: item.id, endsAt, nextDueAt: nextDueAt({ ...item, endsAt }, decided ?? item.startsAt) });
    }
    await saveEnds(tx, ends);
  }

  /** Nobody could be charged for what is added to it. */
  private async refuseErased(tx: Tx, accountId: string): Promise<Account> {
    const account = await this.financials.account(tx, accountId);
    if (await holdMember(tx, account.memberId)) return account;
    throw new RefusalError(FinancialErrors.MEMBER_UNKNOWN({ detail: 'The member of the account was erased' }));
  }
}

const UNDECIDED = { decided: null, owed: null } as const;

const latest = (...instants: readonly Date[]): Date => new Date(Math.max(...instants.map(Number)));

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** Why no run could charge for it; null when one can. */
export function unchargeable(
  wanted: Pick<NewItem, 'startsOn' | 'endsOn' | 'anchor' | 'price' | 'quantity'>,
): string | null {
  const { startsOn, endsOn, anchor, price, quantity } = wanted;
  if (anchor !== null && anchor > startsOn) return 'The anchor is after the start';
  if (endsOn !== null && endsOn < startsOn) return 'It ends before it starts';
  if (price.minor < 0n) return 'The price is below zero';
  if (isZeroDecimal(quantity)) return 'The quantity is zero';
  return isTooMuch(price, quantity) ? 'A period would cost more than can be booked' : null;
}

/** More than any currency's amounts are allowed to have. */
function isTooMuch(price: Money, quantity: Decimal): boolean {
  const cost = multiplyDecimal(decimal(price.minor), quantity);
  return compareDecimal(cost, decimal(PERIOD_MINOR_MAX)) > 0;
}

function invalid(detail: string): RefusalError {
  return new RefusalError(FinancialErrors.ITEM_INVALID({ detail }));
}
