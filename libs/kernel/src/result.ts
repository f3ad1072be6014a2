import type { Failure } from './failure.js';
import { RefusalError } from './refusal-error.js';

/** The answer of something that may fail as expected. Exceptions are for the outside world's errors and for bugs. */
export type Result<T, E = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** The value, or the failure thrown as a RefusalError: for services inside a transaction, and for trusted literals. */
export function orThrow<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new RefusalError(result.error);
}
