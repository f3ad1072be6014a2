import { parseTimeZone } from '@biplane/billing-calendar';
import { err, ok, parseMoney, RefusalError, type Failure, type Result } from '@biplane/kernel';
import { IsEmail, MaxLength } from 'class-validator';
import { bodyProblems, type CsvRow, type RowProblem } from '../imports/index.js';
import { NewItemBody } from './financials.dto.js';
import { newItem } from './new-item.js';
import { unchargeable, type NewItem } from './items.service.js';

export const ITEM_COLUMNS = [
  'externalId', 'memberEmail', 'productCode', 'description', 'price', 'currency', 'quantity', 'intervalMonths', 'timeZone',
  'startsOn', 'endsOn', 'anchor',
] as const; // prettier-ignore

type Column = (typeof ITEM_COLUMNS)[number];

/** What a row says of an item. */
export interface ItemRow {
  readonly line: number;
  readonly externalId: string;
  /** In lower case. */
  readonly memberEmail: string;
  readonly productCode: string;
  /** Without its account, which is the member's in the currency of the price. */
  readonly wanted: Omit<NewItem, 'accountId' | 'externalId' | 'productCode'>;
}

type ReadRow = Result<Omit<ItemRow, 'line'>, readonly RowProblem[]>;

class ItemRowBody extends NewItemBody {
  @IsEmail({}, { message: 'memberEmail must be a mail address' })
  @MaxLength(254)
  memberEmail!: string;
}

const MONTHS = new Map(Array.from({ length: 120 }, (_, index) => [`${index + 1}`, index + 1]));

/** By the rules of an item that is added alone. An empty quantity is one, an empty anchor the start. */
export function itemRow({ line, cells }: CsvRow<Column>): ReadRow {
  const { price, currency, intervalMonths, quantity, endsOn, anchor, ...texts } = cells;
  const body = {
    ...texts,
    price: { amount: price, currency },
    intervalMonths: MONTHS.get(intervalMonths),
    ...(quantity !== '' && { quantity }),
    ...(endsOn !== '' && { endsOn }),
    ...(anchor !== '' && { anchor }),
  };
  const problems = bodyProblems(line, ItemRowBody, body).map((problem) =>
    problem.column === 'amount' ? { ...problem, column: 'price' } : problem,
  );
  if (problems.length > 0) return err(problems);
  return readItem(line, cells, body as ItemRowBody);
}

function readItem(line: number, cells: CsvRow<Column>['cells'], body: ItemRowBody): ReadRow {
  const problem = (column: string | null, code: string, detail: string) => err([{ line, column, code, detail }]);
  const refused = (column: string, { code, detail }: Failure) => problem(column, code, detail);
  const money = parseMoney(body.price);
  if (!money.ok) return refused('price', money.error);
  if (money.value.minor < 0n) return problem('price', 'BELOW_ZERO', 'A price is not below zero');
  const zone = parseTimeZone(body.timeZone);
  if (!zone.ok) return refused('timeZone', zone.error);
  try {
    const { accountId: _, externalId: __, productCode, ...wanted } = newItem('', body);
    const why = unchargeable(wanted);
    if (why !== null) return problem(null, 'FINANCIALS.ITEM_INVALID', why);
    return ok({ externalId: cells.externalId, memberEmail: cells.memberEmail.toLowerCase(), productCode, wanted });
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    const [first] = error.failure.errors ?? [];
    return problem(
      first?.pointer.slice(1) ?? null,
      first?.code ?? error.failure.code,
      first?.detail ?? error.failure.detail,
    );
  }
}
