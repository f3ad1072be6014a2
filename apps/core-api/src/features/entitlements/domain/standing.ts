/** Why a deployment is, or is not, entitled to anything at all just now. */
export interface StandingInput {
  readonly now: Date;
  readonly deploymentState: string;
  readonly startsAt: Date;
  /** The end that was decided; null while the subscription renews. */
  readonly endedAt: Date | null;
  /** Of the present license: null when it cannot be verified. */
  readonly license: {
    readonly state: 'not_started' | 'active' | 'notice' | 'grace' | 'expired' | 'suspended' | 'revoked';
    readonly graceEndsAt: string;
  } | null;
}

export interface Standing {
  readonly isGranted: boolean;
  /** Null when all is well. */
  readonly code: string | null;
  readonly reason: string;
}

/** The first cause counts: what people decided before what time brought about. */
export function standingOf(input: StandingInput): Standing {
  const { now, deploymentState, startsAt, endedAt, license } = input;
  const nothing = (code: string, reason: string): Standing => ({ isGranted: false, code, reason });
  if (deploymentState === 'archived') return nothing('DEPLOYMENT_ARCHIVED', 'The deployment is archived');
  if (endedAt !== null && deploymentState === 'cancelled' && endedAt <= now) {
    return nothing('SUBSCRIPTION_ENDED', `The subscription was cancelled and ended at ${endedAt.toISOString()}`);
  }
  if (license === null) return nothing('LICENSE_UNVERIFIED', 'The license that is stored cannot be verified');
  if (license.state === 'revoked') return nothing('LICENSE_REVOKED', 'The license is revoked');
  if (deploymentState === 'paused' || deploymentState === 'suspended') {
    return nothing(`DEPLOYMENT_${deploymentState.toUpperCase()}`, `The deployment is ${deploymentState}`);
  }
  switch (license.state) {
    case 'suspended':
      return nothing('LICENSE_SUSPENDED', 'The license is suspended');
    case 'not_started':
      return nothing('SUBSCRIPTION_NOT_STARTED', `The subscription starts at ${startsAt.toISOString()}`);
    case 'expired':
      return nothing('LICENSE_EXPIRED', 'The term of the license and its grace are over');
    case 'grace':
      return {
        isGranted: true,
        code: 'LICENSE_IN_GRACE',
        reason: `The term is over: all of it is granted until ${license.graceEndsAt}`,
      };
    default:
      return { isGranted: true, code: null, reason: 'The subscription is in force' };
  }
}
