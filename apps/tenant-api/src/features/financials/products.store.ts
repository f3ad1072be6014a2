import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface Product {
  readonly code: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly archivedAt: Date | null;
}

const PRODUCT = `SELECT code, name, created_at AS "createdAt", archived_at AS "archivedAt" FROM product`;

/** False when the code is taken. */
export async function insertProduct(tx: Tx, product: Omit<Product, 'archivedAt'>): Promise<boolean> {
  const sql = 'INSERT INTO product (code, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
  return (await executeSql(tx, sql, [product.code, product.name, product.createdAt])) === 1;
}

export async function findProduct(tx: Tx, code: string): Promise<Product | null> {
  return (await querySql<Product>(tx, `${PRODUCT} WHERE code = $1`, [code]))[0] ?? null;
}

export async function findProducts(tx: Tx, codes: readonly string[]): Promise<readonly Product[]> {
  return querySql<Product>(tx, `${PRODUCT} WHERE code = ANY($1::text[])`, [codes]);
}

/** In one statement. Fewer than were given when a code is taken. */
export async function insertProducts(
  tx: Tx,
  products: readonly Pick<Product, 'code' | 'name'>[],
  at: Date,
): Promise<number> {
  if (products.length === 0) return 0;
  const sql = `INSERT INTO product (code, name, created_at) SELECT p.code, p.name, $3
    FROM unnest($1::text[], $2::text[]) AS p (code, name) ON CONFLICT DO NOTHING`;
  return executeSql(tx, sql, [products.map(({ code }) => code), products.map(({ name }) => name), at]);
}

/** By code, after the given one. */
export async function listProducts(tx: Tx, after: string, take: number): Promise<readonly Product[]> {
  return querySql<Product>(tx, `${PRODUCT} WHERE code > $1 ORDER BY code LIMIT $2`, [after, take]);
}

/** From now on it takes no new items; those that there are go on. */
export async function archiveProduct(tx: Tx, code: string, at: Date): Promise<boolean> {
  const sql = 'UPDATE product SET archived_at = coalesce(archived_at, $2) WHERE code = $1';
  return (await executeSql(tx, sql, [code, at])) === 1;
}
