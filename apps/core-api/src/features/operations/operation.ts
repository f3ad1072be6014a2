import type { Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import type { DeadlineMs, Saga } from './domain/saga.js';

export const OPERATION_KINDS = ['provision', 'retire', 'move'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Both end or change where a deployment is served: never two of them at once. */
export const EXCLUSIVE_KINDS: readonly OperationKind[] = ['retire', 'move'];

export interface Operation extends Saga {
  readonly id: string;
  readonly kind: OperationKind;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly createdAt: Date;
}

/** What a feature says of its kind of operation. All of it is called in the transaction of the change, its rows locked. */
export interface OperationDefinition {
  /** In order; one operation may have a selection of them. */
  readonly steps: readonly string[];
  readonly deadlineMs: DeadlineMs;
  /** The failed step runs again: whatever was asked of others is asked of them once more. */
  readonly onRetry: (tx: Tx, operation: Operation, actor: Actor) => Promise<void>;
  /** After a failure, at a deadline or told. */
  readonly onFailed?: (tx: Tx, operation: Operation) => Promise<void>;
  /** After every change, with what it was before. */
  readonly onChanged?: (tx: Tx, operation: Operation, before: Operation) => Promise<void>;
  /**
   * Looks after an operation whose `nextActionAt` has come. It moves that instant or ends the step; it is called again in a
   * second otherwise, and in a minute if it throws.
   */
  readonly onDue?: (tx: Tx, operation: Operation, now: Date) => Promise<void>;
}

export interface NewOperation {
  readonly id?: string;
  readonly kind: OperationKind;
  readonly tenantId: string;
  readonly deploymentId: string;
  /** All those of its kind when it is left out. */
  readonly steps?: readonly string[];
  /** How many of them are done by the transaction that starts it. */
  readonly done?: number;
  /** What its first wait is for. */
  readonly reason?: string;
  /** Nobody is known who could bring it on: its deadline begins when something is heard of it. */
  readonly isUnlimited?: boolean;
  readonly nextActionAt?: Date;
}
