import { dayOf } from '@biplane/billing-calendar';
import { decimalToString, moneyToJson } from '@biplane/kernel';
import { differing, repeated, type RowProblem } from '../imports/index.js';
import type { ITEM_COLUMNS, ItemRow } from './item-rows.js';
import type { AccountItem } from './items.store.js';

/** An item as it stands, with whose it is. */
export type KnownItem = AccountItem & { readonly memberEmail: string | null };

export interface ItemPlan {
  readonly add: readonly (ItemRow & { readonly memberId: string })[];
  readonly unchanged: number;
  readonly problems: readonly RowProblem[];
}

/**
 * Items are known by their external id; one that has none, by its own id, which is what its export says. An import adds; what is there
 * already is as the file says, or the row is refused: what is charged for is ended, and never changed.
 */
export function planItems(
  rows: readonly ItemRow[],
  stored: {
    readonly items: readonly KnownItem[];
    /** By address. */
    readonly members: ReadonlyMap<string, string>;
    /** Codes of those that take items. */
    readonly products: ReadonlySet<string>;
  },
): ItemPlan {
  const known = new Map(stored.items.map((item) => [referenceOf(item), item]));
  const problems = repeated(rows, 'externalId', ({ externalId }) => externalId);
  const add: (ItemRow & { memberId: string })[] = [];
  for (const row of rows) {
    const item = known.get(row.externalId);
    if (item !== undefined) {
      problems.push(...differing(row.line, cellsOfRow(row), cellsOfItem(item)));
      continue;
    }
    const memberId = stored.members.get(row.memberEmail);
    if (memberId === undefined) problems.push(unknown(row, 'memberEmail', 'MEMBER_UNKNOWN'));
    if (!stored.products.has(row.productCode)) problems.push(unknown(row, 'productCode', 'PRODUCT_UNKNOWN'));
    if (memberId !== undefined) add.push({ ...row, memberId });
  }
  return { add, unchanged: rows.length - add.length, problems };
}

export const referenceOf = ({ externalId, id }: Pick<AccountItem, 'externalId' | 'id'>): string => externalId ?? id;

export type ItemCells = Readonly<Record<(typeof ITEM_COLUMNS)[number], string | null>>;

/** As an export writes it. */
export function cellsOfItem(item: KnownItem): ItemCells {
  const { startsAt, endsAt, timeZone, memberEmail, productCode, description, anchor } = item;
  return {
    ...{ memberEmail, productCode, description, timeZone, anchor },
    externalId: referenceOf(item),
    ...priceCells(item),
    startsOn: dayOf(startsAt, timeZone),
    endsOn: endsAt && dayOf(endsAt, timeZone),
  };
}

function cellsOfRow({ wanted, externalId, memberEmail, productCode }: ItemRow): ItemCells {
  const { description, timeZone, startsOn, endsOn, anchor } = wanted;
  return {
    ...{ externalId, memberEmail, productCode, description, timeZone, startsOn, endsOn },
    ...priceCells(wanted),
    anchor: anchor ?? startsOn,
  };
}

function priceCells({ price, quantity, months }: Pick<AccountItem, 'price' | 'quantity' | 'months'>) {
  const { amount, currency } = moneyToJson(price);
  return { price: amount, currency, quantity: decimalToString(quantity), intervalMonths: `${months}` };
}

function unknown({ line }: ItemRow, column: string, code: string): RowProblem {
  const detail = column === 'memberEmail' ? 'No member has this address' : 'No product with this code takes items';
  return { line, column, code, detail };
}
