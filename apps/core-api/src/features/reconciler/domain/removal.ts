import type { Seen } from './seen.js';

/** Pods that do not end in this time are left to the end of their namespace. */
export const WORKLOAD_MS_MAX = 5 * 60_000;
/** A namespace that is still there after this is held by somebody. */
export const REMOVAL_MS_MAX = 15 * 60_000;

/** What is left of a home that shall be no more. */
export interface Remains {
  /** Null when there is none, or when it is another's. */
  readonly namespace: { readonly isTerminating: boolean; readonly heldBy: string } | null;
  /** Route, workload or pods are still there. */
  readonly hasWorkload: boolean;
}

export type RemovalStep = 'gone' | 'end_workload' | 'delete_namespace' | 'wait';

/** Traffic and workload first, so that the process drains; then the namespace with all that is in it; gone is only what was seen gone. */
export function removalStep({ namespace, hasWorkload }: Remains, lastedMs: number): RemovalStep {
  if (namespace === null) return 'gone';
  if (namespace.isTerminating) return 'wait';
  return hasWorkload && lastedMs < WORKLOAD_MS_MAX ? 'end_workload' : 'delete_namespace';
}

/** What is said of it meanwhile. */
export function removalCondition(step: RemovalStep, { namespace }: Remains, lastedMs: number): Seen {
  const is = (status: boolean, reason: string, message: string | null): Seen => {
    return { type: 'Gone', status, reason, message };
  };
  if (step === 'gone') return is(true, 'GONE', null);
  if (lastedMs >= REMOVAL_MS_MAX) return is(false, 'REMOVAL_STUCK', namespace?.heldBy || 'nothing says why');
  return step === 'end_workload' ? is(false, 'WORKLOAD_ENDING', null) : is(false, 'NAMESPACE_TERMINATING', null);
}
