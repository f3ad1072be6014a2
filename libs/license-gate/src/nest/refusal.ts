import type { Failure, FailureInput } from '@biplane/kernel';
import { LicenseErrors, LimitErrors, type Decision, type DecisionWarning } from '@biplane/licensing';

const RETRY_SECONDS = 2;
/** No caller should be told to wait longer than a day: a cap can be raised meanwhile. */
const RETRY_SECONDS_MAX = 24 * 60 * 60;

const factories: Readonly<Record<string, (input: FailureInput) => Failure>> = {
  'LICENSE.ELSEWHERE': LicenseErrors.ELSEWHERE,
  'LICENSE.REVOKED': LicenseErrors.REVOKED,
  'LICENSE.SUSPENDED': LicenseErrors.SUSPENDED,
  'LICENSE.EXPIRED': LicenseErrors.EXPIRED,
  'LICENSE.NOT_STARTED': LicenseErrors.NOT_STARTED,
  'LICENSE.MODULE_NOT_LICENSED': LicenseErrors.MODULE_NOT_LICENSED,
  'LIMIT.REACHED': LimitErrors.REACHED,
  'LIMIT.THROTTLED': LimitErrors.THROTTLED,
  'LIMIT.QUEUED': LimitErrors.QUEUED,
  'LIMIT.UNAVAILABLE': LimitErrors.UNAVAILABLE,
};

/** What was asked for, when, and where the deployment is served. */
export interface Refused {
  readonly action: string;
  readonly now: Date;
  readonly newAddress: string | undefined;
}

/** What a guarded route answers to a decision that does not admit. A code that nobody knows counts as no license. */
export function refusalOf(decision: Decision, { action, now, newAddress }: Refused): Failure {
  const create = factories[decision.code ?? ''] ?? LicenseErrors.UNAVAILABLE;
  const failure = create({ detail: decision.reason });
  const { behavior, limit, used, remaining, licenseVersion } = decision;
  // The decision is ready-made, for every action alike; who called a route cannot know which one it asked for.
  const isMissing = decision.code === 'LICENSE.MODULE_NOT_LICENSED';
  return create({
    detail: isMissing ? `The license does not include ${action}` : decision.reason,
    members: {
      ...(isMissing && { action }),
      ...(behavior !== null && { behavior, limit, used, remaining }),
      ...(failure.status === 421 && newAddress !== undefined && { url: newAddress }),
      licenseVersion,
    },
    ...(failure.status === 429 && { retryAfterSeconds: secondsUntil(decision.retryAt, now) }),
    ...(failure.status === 503 && { retryAfterSeconds: RETRY_SECONDS }),
  });
}

/** `License-Warning`: `CODE; reason="…"`, one after the other. Printable ASCII only: it is a header. */
export function warningHeader(warnings: readonly DecisionWarning[]): string | undefined {
  if (warnings.length === 0) return undefined;
  const printable = (text: string): string => text.replace(/[^ -~]/g, '?').replace(/["\\]/g, "'");
  return warnings.map(({ code, reason }) => `${code}; reason="${printable(reason)}"`).join(', ');
}

function secondsUntil(retryAt: string | null, now: Date): number {
  if (retryAt === null) return RETRY_SECONDS_MAX;
  const seconds = Math.ceil((Date.parse(retryAt) - now.getTime()) / 1000);
  return Math.min(RETRY_SECONDS_MAX, Math.max(1, seconds));
}
