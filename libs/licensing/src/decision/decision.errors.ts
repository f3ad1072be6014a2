import { declareErrors } from '@biplane/kernel';

const LICENSE_HELP = 'See the license of the deployment in core-api: its status, its dates and its modules.';

/** Why a license refuses. The codes stand in a Decision, and a gate answers with the declared status. */
export const LicenseErrors = declareErrors('LICENSE', {
  UNAVAILABLE: {
    status: 503,
    title: 'No license is held',
    help: 'The home has not received a license for the deployment yet, or could not verify it. Try again shortly.',
  },
  ELSEWHERE: {
    status: 421,
    title: 'The deployment is served elsewhere',
    help: 'Send the request to the address given.',
  },
  REVOKED: { status: 403, title: 'The license is revoked', help: LICENSE_HELP },
  SUSPENDED: { status: 403, title: 'The license is suspended', help: LICENSE_HELP },
  EXPIRED: { status: 403, title: 'The license has expired', help: LICENSE_HELP },
  NOT_STARTED: { status: 403, title: 'The license is not in force yet', help: LICENSE_HELP },
  MODULE_NOT_LICENSED: {
    status: 403,
    title: 'The module or feature is not licensed',
    help: 'Enable the module, or change to a plan that includes it.',
  },
});

/** Why a limit refuses. */
export const LimitErrors = declareErrors('LIMIT', {
  REACHED: { status: 429, title: 'The limit is reached', help: 'Wait for the next window, or raise the limit.' },
  THROTTLED: {
    status: 429,
    title: 'Requests beyond the limit are slowed',
    help: 'Come again at the instant given, wait for the next window, or raise the limit.',
  },
  QUEUED: {
    status: 429,
    title: 'The limit is reached and the request is queued',
    help: 'It is admitted in its turn once the next window begins, or the limit is raised.',
  },
  UNAVAILABLE: {
    status: 503,
    title: 'The limit cannot be checked',
    help: 'The counter of the limit did not answer in time, and such a limit is never passed unchecked. Try again.',
  },
});

/** Warnings ride on an admitted request; they are no errors and have no status. */
export const WARNING_CODES = {
  licenseEndsSoon: 'LICENSE.ENDS_SOON',
  licenseInGrace: 'LICENSE.IN_GRACE',
  limitNear: 'LIMIT.NEAR',
  limitExceeded: 'LIMIT.EXCEEDED',
  limitOverage: 'LIMIT.OVERAGE',
  limitThrottled: 'LIMIT.THROTTLED',
} as const;
