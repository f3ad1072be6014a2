import { Inject, Injectable } from '@nestjs/common';
import { err, ok, type Clock, type Result } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { recordAccesses } from '../access/index.js';
import {
  bodyProblems, changedMeanwhile, differing, readCsv, readRows, refuseRows, repeated, type CsvRow, type Imported,
  type RowProblem,
} from '../imports/index.js'; // prettier-ignore
import { NewProductBody } from './financials.dto.js';
import { accountsFor, findKnownItems, insertItems, membersByEmail } from './item-files.store.js';
import { planItems } from './item-import-plan.js';
import { ITEM_COLUMNS, itemRow, type ItemRow } from './item-rows.js';
import { AccountItems } from './items.service.js';
import { findProducts, insertProducts } from './products.store.js';

export const PRODUCT_COLUMNS = ['code', 'name'] as const;

export interface ReadFile<Row> {
  readonly rows: readonly Row[];
  readonly problems: readonly RowProblem[];
}

type ProductRow = { readonly line: number; readonly code: string; readonly name: string };

/** Products and items from files, each all of it or nothing. */
@Injectable()
export class ItemsImport {
  constructor(
    @Inject(AccountItems) private readonly items: AccountItems,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Refuses with `IMPORT.*` what is no file of items at all. */
  async readItems(text: string): Promise<ReadFile<ItemRow>> {
    const { rows, problems } = readCsv(text, ITEM_COLUMNS);
    const read = await readRows(rows, itemRow);
    return { rows: read.good, problems: [...problems, ...read.problems] };
  }

  /** Opens the accounts that its members lack. */
  async addItems(tx: Tx, file: ReadFile<ItemRow>, actor: string): Promise<Imported> {
    const { rows } = file;
    const products = await findProducts(tx, [...new Set(rows.map(({ productCode }) => productCode))]);
    const { add, unchanged, problems } = planItems(rows, {
      items: await findKnownItems(
        tx,
        rows.map(({ externalId }) => externalId),
      ),
      members: await membersByEmail(
        tx,
        rows.map(({ memberEmail }) => memberEmail),
      ),
      products: new Set(products.filter(({ archivedAt }) => archivedAt === null).map(({ code }) => code)),
    });
    refuseRows([...file.problems, ...problems]);
    const accounts = await accountsFor(
      tx,
      add.map(({ memberId, wanted }) => ({ memberId, currency: wanted.price.currency, newId: this.ids.uuid() })),
      this.clock.now(),
    );
    const items = add.map(({ wanted, memberId, productCode, externalId }) => {
      const accountId = accounts.get(`${memberId} ${wanted.price.currency}`)!;
      return this.items.begin({ ...wanted, accountId, productCode, externalId });
    });
    if ((await insertItems(tx, items)) < items.length) throw changedMeanwhile();
    const entry = { at: this.clock.now(), actor, action: 'item.imported' };
    await recordAccesses(tx, entry, items.map(({ id }) => `item:${id}`)); // prettier-ignore
    return { rows: rows.length, added: items.length, unchanged };
  }

  async readProducts(text: string): Promise<ReadFile<ProductRow>> {
    const { rows, problems } = readCsv(text, PRODUCT_COLUMNS);
    const read = await readRows(rows, productRow);
    return { rows: read.good, problems: [...problems, ...read.problems] };
  }

  async addProducts(tx: Tx, { rows, problems }: ReadFile<ProductRow>, actor: string): Promise<Imported> {
    const found = await findProducts(
      tx,
      rows.map(({ code }) => code),
    );
    const known = new Map(found.map((product) => [product.code, product]));
    const differ = rows.flatMap(({ line, code, name }) =>
      known.has(code) ? differing(line, { name }, { name: known.get(code)!.name }) : [],
    );
    refuseRows([...problems, ...repeated(rows, 'code', ({ code }) => code), ...differ]);
    const add = rows.filter(({ code }) => !known.has(code));
    const at = this.clock.now();
    if ((await insertProducts(tx, add, at)) < add.length) throw changedMeanwhile();
    await recordAccesses(tx, { at, actor, action: 'product.imported' }, add.map(({ code }) => `product:${code}`)); // prettier-ignore
    return { rows: rows.length, added: add.length, unchanged: rows.length - add.length };
  }
}

function productRow({
  line,
  cells: { code, name },
}: CsvRow<(typeof PRODUCT_COLUMNS)[number]>): Result<Omit<ProductRow, 'line'>, readonly RowProblem[]> {
  const problems = bodyProblems(line, NewProductBody, { code, name });
  return problems.length > 0 ? err(problems) : ok({ code, name });
}
