import type { Failure } from './failure.js';

/** A Failure in flight: what a service throws inside a transaction, so that the transaction is rolled back. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';

  constructor(readonly failure: Failure) {
    super(`${failure.code}: ${failure.detail}`);
  }
}
