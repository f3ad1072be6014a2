import type { LimitPassed } from '@biplane/limits';
import { limitsOf, type Decision, type LicenseClaims } from '@biplane/licensing';
import type { LimitEventKind, LimitHappening } from './limit-events.store.js';

/** What a decision says of a limit; no answer and a mere warning of nearness are no happenings. */
const KINDS: Readonly<Record<string, LimitEventKind>> = {
  'LIMIT.REACHED': 'denied',
  'LIMIT.TOO_LARGE': 'denied',
  'LIMIT.QUEUE_FULL': 'denied',
  'LIMIT.EXCEEDED': 'warned',
  'LIMIT.OVERAGE': 'overage',
};
/** Within its rate a throttled request is admitted; beyond it, and in a queue, it is delayed. */
const DELAYED = new Set(['LIMIT.THROTTLED', 'LIMIT.QUEUED']);

export function kindOf({ code, outcome }: Decision): LimitEventKind | undefined {
  if (code === null) return undefined;
  if (DELAYED.has(code)) return outcome === 'delay' ? 'delayed' : 'warned';
  return Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
}

/** Of a decision, as it is folded: the count is one. */
export function happeningOf(
  license: LicenseClaims,
  action: string,
  meter: string,
  decision: Decision,
  at: Date,
): LimitHappening | undefined {
  const kind = kindOf(decision);
  const [limit] = limitsOf(license, action, meter);
  const cap = decision.limit ?? limit?.cap;
  if (kind === undefined || cap === undefined) return undefined;
  return {
    deploymentId: license.deployment.id,
    module: action.split(':')[0] ?? '',
    meter,
    kind,
    threshold: null,
    used: decision.used ?? cap,
    cap,
    licenseVersion: license.version,
    count: 1,
    firstAt: at,
    lastAt: at,
  };
}

/** Of a share of a cap that usage has passed. Beyond the cap of an overage it is priced from there on. */
export function happeningOfPassed({ license, module, limit, share, used, key }: LimitPassed, at: Date): LimitHappening {
  const isOverage = limit.strategy === 'overage_charge' && Number(share) >= 1;
  return {
    deploymentId: key.deploymentId,
    module,
    meter: limit.meter,
    kind: isOverage ? 'overage' : 'warned',
    threshold: share,
    used,
    cap: limit.cap,
    licenseVersion: license.version,
    count: 1,
    firstAt: at,
    lastAt: at,
  };
}
