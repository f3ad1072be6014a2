import type { Seen } from './seen.js';
import { refusalCode } from './availability.js';

/** Why the cluster did not do what was asked, as the port tells it. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

const CODES: Readonly<Record<string, string>> = {
  forbidden: 'FORBIDDEN',
  unauthorized: 'UNAUTHORIZED',
  invalid: 'INVALID',
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  throttled: 'THROTTLED',
  unavailable: 'CLUSTER_UNREACHABLE',
  timeout: 'CLUSTER_UNREACHABLE',
};

/** The condition that a refusal makes false; `missing` are the rights that the self-check found wanting. */
export function refusedCondition(
  type: 'Applied' | 'Gone',
  { reason, message }: Refusal,
  missing: readonly string[],
): Seen {
  const code = (reason === 'forbidden' ? refusalCode(message) : null) ?? CODES[reason] ?? 'INVALID';
  const rights = code === 'FORBIDDEN' && missing.length > 0 ? `missing rights: ${missing.join(', ')}; ` : '';
  return { type, status: false, reason: code, message: `${rights}${message}`.slice(0, 500) };
}
