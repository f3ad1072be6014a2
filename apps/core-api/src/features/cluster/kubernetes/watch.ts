import { ClusterError, type ClusterHint, type ListQuery, type Watching } from '../cluster-gateway.js';
import { ownedKind } from '../domain/kinds.js';
import { refOf, type KubernetesObject } from '../domain/kubernetes-object.js';
import { pauseMs, RETRY_POLICY, type RetryTools } from './retry.js';
import type { Transport } from './transport.js';
import { listPath } from './urls.js';

/** The server ends a watch after this; it starts again where it stood. */
const WATCH_SECONDS = 300;
/** A connection that is silent for longer is dead: bookmarks come every minute. */
const SILENCE_MS_MAX = (WATCH_SECONDS + 30) * 1000;
const LINE_BYTES_MAX = 4 << 20;

interface WatchEvent {
  readonly type: string;
  readonly object: Partial<KubernetesObject> & { readonly code?: number };
}

/** The server has forgotten where the watch stood, or sent what can not be read. */
class LostPlace extends Error {}

type Listing = () => Promise<{ readonly resourceVersion: string } | null>;

/**
 * Watches one kind until it is stopped. It lists first and whenever it lost its place, and then says `ref: null`: anything may have
 * changed. Errors only pause it, as it is no more than a hint.
 */
export function watchKind(
  transport: Transport,
  query: ListQuery,
  onHint: (hint: ClusterHint) => void,
  list: Listing,
  tools: RetryTools,
): Watching {
  const stopping = new AbortController();
  const running = follow(transport, query, onHint, list, tools, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function follow(
  transport: Transport,
  query: ListQuery,
  onHint: (hint: ClusterHint) => void,
  list: Listing,
  tools: RetryTools,
  stopping: AbortSignal,
): Promise<void> {
  let place = '';
  let failures = 0;
  while (!stopping.aborted) {
    try {
      if (place === '') {
        place = (await list())?.resourceVersion ?? '';
        if (stopping.aborted) return;
        onHint({ ref: null, labels: query.labels });
        // The cluster does not know the kind: it may learn it.
        if (place === '') throw new ClusterError('not_found', `The cluster has no ${query.kind}`);
      }
      for await (const event of events(transport, query, place, stopping)) {
        failures = 0;
        place = event.object.metadata?.resourceVersion ?? place;
        if (event.type !== 'BOOKMARK') onHint(hintOf(query, event));
      }
    } catch (error) {
      if (error instanceof LostPlace) place = '';
      failures += 1;
    }
    if (!stopping.aborted && failures > 0) {
      await unlessStopped(tools.pause(pauseMs(Math.min(failures, 10), null, RETRY_POLICY, tools.random())), stopping);
    }
  }
}

function hintOf(query: ListQuery, { object }: WatchEvent): ClusterHint {
  const { apiVersion, kind } = ownedKind(query.kind);
  const { name, namespace, labels = {} } = object.metadata!;
  return {
    ref: refOf({ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } }),
    labels,
  };
}

async function* events(
  transport: Transport,
  query: ListQuery,
  place: string,
  stopping: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const path = listPath(query, {
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: place,
    timeoutSeconds: String(WATCH_SECONDS),
  });
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SILENCE_MS_MAX)]);
  const { status, body } = await transport.stream({ method: 'GET', path, signal });
  if (status === 401) transport.reload();
  if (status === 410) throw new LostPlace();
  if (status !== 200) throw new ClusterError('unavailable', `The watch was answered with ${status}`, status);
  for await (const line of lines(body)) yield readEvent(line);
}

function readEvent(line: string): WatchEvent {
  let event: WatchEvent;
  try {
    event = JSON.parse(line) as WatchEvent;
  } catch {
    throw new LostPlace();
  }
  if (event.type === 'ERROR' || typeof event.object?.metadata?.resourceVersion !== 'string') throw new LostPlace();
  return event;
}

async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    let end = rest.indexOf(0x0a);
    while (end >= 0) {
      const line = rest.subarray(0, end).toString('utf8').trim();
      rest = rest.subarray(end + 1);
      if (line !== '') yield line;
      end = rest.indexOf(0x0a);
    }
    if (rest.length > LINE_BYTES_MAX) throw new LostPlace();
  }
}

/** Waits, or ends at once when it is stopped. */
function unlessStopped(waiting: Promise<void>, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    stopping.addEventListener('abort', done, { once: true });
    void waiting.finally(() => {
      stopping.removeEventListener('abort', done);
      resolve();
    });
  });
}
