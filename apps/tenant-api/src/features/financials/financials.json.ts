import { dayOf } from '@biplane/billing-calendar';
import { decimalToString, money, moneyToJson, type Currency, type Money } from '@biplane/kernel';
import type { AccountDto, EntryDto, ItemDto, ProductDto, SkippedPeriodDto } from './financials.dto.js';
import type { AccountItem, DecidedPeriod } from './items.store.js';
import type { Account, AccountEntry, NewEntry } from './ledger.store.js';
import type { Product } from './products.store.js';

export function accountJson(account: Account, balance: Money): AccountDto {
  const { id, memberId, currency, createdAt, statedThrough } = account;
  return {
    ...{ id, memberId, currency },
    balance: moneyToJson(balance),
    createdAt: createdAt.toISOString(),
    statedThrough: statedThrough?.toISOString() ?? null,
  };
}

export function entryJson(entry: AccountEntry, currency: Currency): EntryDto {
  const { id, kind, amountMinor, description, reference, bookedAt, valueAt, licenseVersion } = entry;
  return {
    ...{ id, kind, description, reference, licenseVersion },
    amount: moneyToJson(money(amountMinor, currency)),
    bookedAt: bookedAt.toISOString(),
    valueAt: valueAt?.toISOString() ?? null,
  };
}

export const bookedJson = (entry: NewEntry): EntryDto =>
  entryJson({ ...entry, number: '', amountMinor: entry.member.minor }, entry.member.currency);

export function productJson({ code, name, createdAt, archivedAt }: Product): ProductDto {
  return { code, name, createdAt: createdAt.toISOString(), archivedAt: archivedAt?.toISOString() ?? null };
}

export function itemJson(item: AccountItem): ItemDto {
  const { id, accountId, productCode, description, timeZone, anchor, externalId } = item;
  return {
    ...{ id, accountId, productCode, description, timeZone, anchor, externalId },
    price: moneyToJson(item.price),
    quantity: decimalToString(item.quantity),
    intervalMonths: item.months,
    startsOn: dayOf(item.startsAt, timeZone),
    endsOn: item.endsAt && dayOf(item.endsAt, timeZone),
    nextDueAt: item.nextDueAt?.toISOString() ?? null,
    createdAt: item.createdAt.toISOString(),
  };
}

export function skippedJson(period: DecidedPeriod & { readonly currency: Currency }): SkippedPeriodDto {
  const { id, itemId, from, to, amountMinor, currency, reason, licenseVersion, recordedAt } = period;
  return {
    ...{ id, itemId, licenseVersion },
    from: from.toISOString(),
    to: to.toISOString(),
    amount: moneyToJson(money(amountMinor, currency)),
    reason: reason ?? '',
    skippedAt: recordedAt.toISOString(),
  };
}
