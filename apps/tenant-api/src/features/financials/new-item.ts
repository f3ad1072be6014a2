import { parseTimeZone } from '@biplane/billing-calendar';
import { orThrow, parseDecimal, parseMoney, RefusalError } from '@biplane/kernel';
import { invalid } from '@biplane/service-kit';
import type { NewItemBody } from './financials.dto.js';
import type { NewItem } from './items.service.js';

const QUANTITY = { maxScale: 12 } as const;

/** What the body says, read. */
export function newItem(accountId: string, body: NewItemBody): NewItem {
  const { productCode, description, price, quantity, intervalMonths, timeZone, startsOn, endsOn, anchor, externalId } =
    body;
  return {
    ...{ accountId, productCode, description },
    price: orThrow(parseMoney(price)),
    quantity: orThrow(parseDecimal(quantity ?? '1', QUANTITY)),
    months: intervalMonths,
    timeZone: orThrow(parseTimeZone(timeZone)),
    startsOn: realDay('startsOn', startsOn),
    endsOn: endsOn == null ? null : realDay('endsOn', endsOn),
    anchor: anchor == null ? null : realDay('anchor', anchor),
    externalId: externalId ?? null,
  };
}

/** 30 February has the shape of a day and is none. */
export function realDay(member: string, day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)) return day;
  throw new RefusalError(invalid([{ pointer: `/${member}`, code: 'DAY', detail: `${day} is no day` }]));
}
