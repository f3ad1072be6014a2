import { Redis } from 'ioredis';

export const CONNECT_MS = 3_000;
/** Of who asks once: a worker waits for jobs much longer. */
const COMMAND_MS = 3_000;
const RETRY_MAX_MS = 5_000;

/** Reconnects for ever. `failFast` refuses commands while Redis is away, as who asks once wants; a worker waits instead. */
export function redisConnection(url: string, { failFast }: { readonly failFast: boolean }): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: failFast ? 1 : null,
    enableOfflineQueue: !failFast,
    ...(failFast && { commandTimeout: COMMAND_MS }),
    retryStrategy: (times) => Math.min(RETRY_MAX_MS, 100 * 2 ** Math.min(times, 6)),
  });
  // Without a listener a refused connection would end the process.
  redis.on('error', () => undefined);
  return redis;
}
