/// <reference path="./untyped-modules.d.ts" />
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const RESTING = Symbol('resting');

/**
 * Mends kafkajs 2.2.4, whose connections look for waiting requests every millisecond for ever once they had an answer, in a process that
 * does nothing else too (its issue 1704, ADR 0038). Where nothing waits there is nothing to look for: what has to wait later starts the
 * looking itself.
 */
export function letConnectionsRest(): void {
  const queue = RequestQueue.prototype as RequestQueue & { [RESTING]?: true };
  if (queue[RESTING]) return;
  queue[RESTING] = true;
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
