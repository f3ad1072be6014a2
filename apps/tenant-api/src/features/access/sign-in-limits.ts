import { networkOf, RateLimiter } from '@biplane/service-kit';
import { LRUCache } from 'lru-cache';

/** Of one account, known or not, from one place: ten tries at once, then one every half minute. */
const FROM_ONE_PLACE = { perSecond: 1 / 30, burst: 10 };
/** And from all places together that it was never signed in from: whoever guesses from many gets no further. */
const FROM_STRANGE_PLACES = { perSecond: 1 / 15, burst: 50 };
const KNOWN_MAX = 10_000;

/**
 * Tries to sign in, in this process. A stranger uses up the tries of its own place, and with many places those of all strangers, but never
 * those of a member at a place where it has signed in.
 */
export class SignInLimits {
  private readonly fromOnePlace: RateLimiter;
  private readonly fromStrangePlaces: RateLimiter;
  private readonly known = new LRUCache<string, true>({ max: KNOWN_MAX });

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.fromOnePlace = new RateLimiter(FROM_ONE_PLACE, monotonicMs);
    this.fromStrangePlaces = new RateLimiter(FROM_STRANGE_PLACES, monotonicMs);
  }

  /** 0 when it may be tried, else the whole seconds to wait. */
  take(account: string, address: string): number {
    const pair = pairOf(account, address);
    const waitSeconds = this.fromOnePlace.take(pair);
    return waitSeconds > 0 || this.known.has(pair) ? waitSeconds : this.fromStrangePlaces.take(account);
  }

  signedIn(account: string, address: string): void {
    this.known.set(pairOf(account, address), true);
  }
}

const pairOf = (account: string, address: string): string => `${account}\n${networkOf(address)}`;
