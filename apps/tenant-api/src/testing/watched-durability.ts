import type { TransactionOptions, Tx, UnitOfWork } from '@biplane/service-kit';

/** A database that also writes down of each of its transactions, in order, whether it waits for the disk. */
export function watchDurability(database: UnitOfWork): { readonly watched: UnitOfWork; readonly written: string[] } {
  const written: string[] = [];
  const watched = {
    reader: database.reader,
    run: <T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T> => {
      written.push(options?.durability ?? 'synced');
      return database.run(work, options);
    },
  } as UnitOfWork;
  return { watched, written };
}
