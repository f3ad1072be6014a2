import { ClusterError, type ClusterErrorReason, type FieldConflict } from '../cluster-gateway.js';
import type { KubernetesObject } from '../domain/kubernetes-object.js';
import type { ApiAnswer } from './transport.js';

interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What the API server answers instead of an object. */
export interface Status {
  readonly kind: 'Status';
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly Cause[]; readonly retryAfterSeconds?: number };
}

const MESSAGE_LENGTH_MAX = 500;
/** More than this is not believed: the reconciler looks again on its own long before. */
const RETRY_AFTER_MS_MAX = 60_000;

const REASONS: Readonly<Record<number, ClusterErrorReason>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'invalid',
  408: 'unavailable',
  409: 'conflict',
  410: 'conflict',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'throttled',
};

/** The JSON of an answer. A body that ends in its middle is an outage like any other. */
export function jsonOf(answer: ApiAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw new ClusterError('unavailable', `The answer with status ${answer.status} is not whole`, answer.status);
  }
}

export function statusOf(answer: ApiAnswer): Status | null {
  try {
    const value = JSON.parse(answer.body) as Status;
    return value?.kind === 'Status' ? value : null;
  } catch {
    // Proxies and load balancers answer in HTML.
    return null;
  }
}

/** Seconds, as the API server gives them; a date is read as nothing asked for. */
function retryAfterMs(answer: ApiAnswer, status: Status | null): number | null {
  const seconds = /^[0-9]{1,6}$/.test(answer.retryAfter ?? '')
    ? Number(answer.retryAfter)
    : status?.details?.retryAfterSeconds;
  return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : null;
}

/** `withMessage: false` where the server might repeat what was sent, which was secret. */
export function errorOf(answer: ApiAnswer, withMessage: boolean): ClusterError {
  const status = statusOf(answer);
  const reason = REASONS[answer.status] ?? (answer.status >= 500 ? 'unavailable' : 'invalid');
  const message = (withMessage ? status?.message : status?.reason) ?? `The API server answered ${answer.status}`;
  return new ClusterError(reason, message.slice(0, MESSAGE_LENGTH_MAX), answer.status, retryAfterMs(answer, status));
}

/** Who holds the fields that an apply wanted; empty when the conflict is of another kind. */
export function fieldConflicts(answer: ApiAnswer): readonly FieldConflict[] {
  const causes = statusOf(answer)?.details?.causes ?? [];
  const fields = new Map<string, string[]>();
  for (const { reason, message, field } of causes) {
    if (reason !== 'FieldManagerConflict') continue;
    const manager = /^conflict with "([^"]+)"/.exec(message ?? '')?.[1] ?? 'unknown';
    fields.set(manager, [...(fields.get(manager) ?? []), field ?? '']);
  }
  return [...fields].map(([manager, of]) => ({ manager, fields: of }));
}

export function objectOf(answer: ApiAnswer): KubernetesObject {
  const value = jsonOf(answer) as Partial<KubernetesObject> | null;
  if (typeof value?.kind !== 'string' || typeof value.metadata?.name !== 'string')
    throw new ClusterError('unavailable', 'The answer is not an object of the cluster', answer.status);
  return value as KubernetesObject;
}
