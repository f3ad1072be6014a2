import type { Tx } from './tx.js';
import type { TransactionOptions, UnitOfWork } from './unit-of-work.js';

/** Carries the result out of a transaction that is to leave nothing behind. */
class Rehearsed<T> extends Error {
  constructor(readonly result: T) {
    super('rehearsed');
  }
}

/** Does the work for real, tells what came of it, and takes all of it back: a preview that cannot differ from the deed. */
export async function rehearse<T>(
  unitOfWork: UnitOfWork,
  work: (tx: Tx) => Promise<T>,
  options?: TransactionOptions,
): Promise<T> {
  try {
    return await unitOfWork.run<T>(async (tx) => {
      throw new Rehearsed(await work(tx));
    }, options);
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T;
    throw error;
  }
}
