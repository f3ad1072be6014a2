import { LRUCache } from 'lru-cache';

export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const BUCKETS_MAX = 10_000;

/**
 * A token bucket per key, in this process: it protects a replica from a client that runs wild. It is no quota: what a
 * tenant may use is decided by its license. Time is monotonic, since moving the business clock must not fill buckets.
 */
export class RateLimiter {
  private readonly buckets = new LRUCache<string, Bucket>({ max: BUCKETS_MAX });

  constructor(
    private readonly limit: RateLimit,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** 0 when the request may pass, else the whole seconds to wait. */
  take(key: string): number {
    const { perSecond, burst } = this.limit;
    const nowMs = this.monotonicMs();
    const bucket = this.buckets.get(key) ?? { tokens: burst, filledAtMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1000) * perSecond);
    bucket.filledAtMs = nowMs;
    this.buckets.set(key, bucket);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens -= 1;
    return 0;
  }
}
