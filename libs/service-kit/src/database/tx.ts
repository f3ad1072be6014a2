declare const txBrand: unique symbol;

/**
 * An open transaction, or the reader of a database. Opaque: features pass it on as the first argument, and only stores
 * look inside. That is how one transaction spans features of which none sees another's tables.
 */
export interface Tx {
  readonly [txBrand]: true;
}

/** What is used of a generated Prisma client, in or outside a transaction. */
export interface RawClient {
  $executeRawUnsafe(sql: string, ...params: unknown[]): PromiseLike<number>;
  $queryRawUnsafe<T = unknown>(sql: string, ...params: unknown[]): PromiseLike<T>;
}

interface TxState {
  readonly client: RawClient;
  /** Null for a reader: nothing commits there. */
  readonly afterCommit: (() => void)[] | null;
}

const states = new WeakMap<Tx, TxState>();

export function openTx(client: RawClient, afterCommit: (() => void)[] | null): Tx {
  const tx = Object.freeze({}) as Tx;
  states.set(tx, { client, afterCommit });
  return tx;
}

export function txState(tx: Tx): TxState {
  const state = states.get(tx);
  if (state === undefined) throw new Error('This is not a Tx: pass on the one that UnitOfWork.run gave');
  return state;
}

/** The generated client bound to this transaction. For `*.store.ts` only (a repository check holds this). */
export function prismaOf<Client>(tx: Tx): Client {
  return txState(tx).client as unknown as Client;
}

/** Runs one statement with `$1…` parameters; returns the number of rows it touched. */
export async function executeSql(tx: Tx, sql: string, params: readonly unknown[] = []): Promise<number> {
  return txState(tx).client.$executeRawUnsafe(sql, ...params);
}

/**
 * Rows of one statement with `$1…` parameters. int8 arrives as bigint, timestamptz as Date, jsonb parsed, and numeric
 * as Prisma's Decimal: cast numerics to text in the statement. Cast uuid parameters: `$1::uuid`.
 */
export async function querySql<Row>(tx: Tx, sql: string, params: readonly unknown[] = []): Promise<Row[]> {
  return txState(tx).client.$queryRawUnsafe<Row[]>(sql, ...params);
}
