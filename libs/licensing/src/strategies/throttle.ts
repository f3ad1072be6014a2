import { unanswered, type EnforcementStrategy } from './strategy.js';

/** Beyond the cap requests still pass, but no faster than the rate. What does not fit waits, at most until the window ends. */
export const throttle: EnforcementStrategy = {
  name: 'throttle',
  warns: true,
  beyondCap: ({ limit, after, rate, windowEndsAt }) => {
    if (!rate) return unanswered(limit);
    const perSecond = limit.rate?.perSecond ?? '0';
    const beyond = `${after} ${limit.meter} are more than the ${limit.cap} of the plan`;
    return rate.admitted
      ? {
          outcome: 'warn',
          code: 'LIMIT.THROTTLED',
          reason: `${beyond}: slowed to ${perSecond} a second`,
          retryAt: null,
        }
      : {
          outcome: 'delay',
          code: 'LIMIT.THROTTLED',
          reason: `${beyond}, and come faster than ${perSecond} a second`,
          retryAt: earlier(rate.retryAt, windowEndsAt),
        };
  },
  withoutCounter: unanswered,
};

/** A new window starts with the whole cap, so nothing waits past its beginning. */
function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a.getTime() <= b.getTime() ? a : b;
}
