import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { letConnectionsRest } from './resting-connections.js';

letConnectionsRest();
letConnectionsRest();

const queues: RequestQueue[] = [];
function queueOf(maxInFlightRequests: number | null): RequestQueue {
  const settings = { clientId: 'a', broker: 'b', requestTimeout: 1_000, enforceRequestTimeout: false };
  const queue = new RequestQueue({ ...settings, maxInFlightRequests, logger: { debug: () => undefined } });
  queues.push(queue);
  return queue;
}

function push(queue: RequestQueue, correlationId: number, sent: number[]): void {
  const entry = { correlationId, resolve: () => undefined };
  queue.push({ entry, expectResponse: true, sendRequest: () => sent.push(correlationId) });
}

afterEach(() => {
  for (const queue of queues.splice(0)) queue.destroy();
});

describe('a connection to the broker', () => {
  it('on which nothing waits sets no timer', () => {
    const [queue, sent]: [RequestQueue, number[]] = [queueOf(null), []];
    push(queue, 1, sent);
    queue.checkPendingRequests();
    expect([sent, queue.throttleCheckTimeoutId]).toEqual([[1], null]);
  });

  it('that the broker throttles sends what waited when the time is over, in order, and rests again', async () => {
    const [queue, sent]: [RequestQueue, number[]] = [queueOf(null), []];
    queue.maybeThrottle(60);
    push(queue, 1, sent);
    push(queue, 2, sent);
    expect([sent, queue.throttleCheckTimeoutId === null]).toEqual([[], false]);
    await waitFor('the requests', () => Promise.resolve(sent.length === 2));
    expect([sent, queue.throttleCheckTimeoutId]).toEqual([[1, 2], null]);
  });

  it('that has as many requests on their way as it may looks again while one waits', () => {
    const [queue, sent]: [RequestQueue, number[]] = [queueOf(1), []];
    push(queue, 1, sent);
    push(queue, 2, sent);
    expect([sent, queue.throttleCheckTimeoutId === null]).toEqual([[1], false]);
  });
});
