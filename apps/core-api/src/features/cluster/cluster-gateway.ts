import type { KubernetesObject, ObjectRef } from './domain/kubernetes-object.js';
import type { AccessQuestion } from './domain/reconciler-rules.js';

/** Another manager that held fields which were ours to set. */
export interface FieldConflict {
  readonly manager: string;
  readonly fields: readonly string[];
}

export type ApplyOutcome =
  /** `conflicts`: whose changes of our fields were overruled. `created`: it did not exist before. */
  | {
      readonly kind: 'applied';
      readonly object: KubernetesObject;
      readonly created: boolean;
      readonly conflicts: readonly FieldConflict[];
    }
  /** It exists and carries another deployment's label, or none: it was not touched. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface ListQuery {
  readonly kind: string;
  /** Of the whole cluster when it is left out. */
  readonly namespace?: string;
  /** All of these, by equality. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface DeleteOptions {
  /** Deletes this very object and no successor of its name. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** `deleting`: it is still there, held by finalizers or a grace period. `replaced`: the name is another object's now. */
export type DeleteOutcome = 'gone' | 'deleting' | 'replaced';

/** Something about this object may have changed, or (`ref: null`) anything may have: look again. */
export interface ClusterHint {
  readonly ref: ObjectRef | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Watching {
  /** Resolves when the last connection is closed. */
  stop(): Promise<void>;
}

export interface AccessAnswer extends AccessQuestion {
  readonly allowed: boolean;
}

export type DryRunOutcome =
  | { readonly accepted: true; readonly warnings: readonly string[] }
  | { readonly accepted: false; readonly reason: string };

/**
 * The cluster, as the reconciler uses it. Every method may throw a `ClusterError`, after its own retries. Nothing but the
 * kinds of `OWNED_KINDS` and `READ_KINDS` is ever asked for.
 */
export interface ClusterGateway {
  /**
   * Server-side apply as `biplane-core`; adopts an existing object only if its deployment label is that of `object`, and takes out
   * what others put where all is ours.
   */
  apply(object: KubernetesObject): Promise<ApplyOutcome>;
  get(ref: ObjectRef): Promise<KubernetesObject | null>;
  /** All pages. Empty when the cluster does not know the kind. */
  list(query: ListQuery): Promise<readonly KubernetesObject[]>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<DeleteOutcome>;
  /** Calls `onHint` until it is stopped; hints may be lost and repeated, so that nothing may depend on them. */
  watch(query: ListQuery, onHint: (hint: ClusterHint) => void): Watching;
  accessReview(questions: readonly AccessQuestion[]): Promise<readonly AccessAnswer[]>;
  /** What the API server would say to the object, admission included. */
  serverDryRun(object: KubernetesObject): Promise<DryRunOutcome>;
}

/** Why the cluster did not do what was asked. */
export type ClusterErrorReason =
  /** 403: the role lacks a verb, a quota is used up, or Pod Security refuses. */
  | 'forbidden'
  | 'unauthorized'
  | 'invalid'
  | 'not_found'
  | 'conflict'
  /** 429, for longer than the budget. */
  | 'throttled'
  /** 5xx, resets, truncated answers. */
  | 'unavailable'
  | 'timeout';

export class ClusterError extends Error {
  override readonly name = 'ClusterError';

  constructor(
    readonly reason: ClusterErrorReason,
    message: string,
    readonly status: number | null = null,
    /** How long the server asked to be left alone. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }

  /** It may succeed later with nothing changed. */
  get isTransient(): boolean {
    return ['conflict', 'throttled', 'unavailable', 'timeout', 'unauthorized'].includes(this.reason);
  }
}
