import { createInterface } from 'node:readline';
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { ApiError, type ApiClient } from './client.js';

export interface Stored {
  metadata?: V1ObjectMeta;
}
interface List<T> {
  metadata: { resourceVersion: string };
  items: T[];
}
interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T & { code?: number; message?: string };
}

const WATCH_SECONDS = 300;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
const PAGE = 500;

/**
 * Holds what the API server has of one kind: lists, then watches, and lists again whenever the watch breaks. What it
 * calls is told of every object that is there, changed or gone, and never twice at a time.
 */
export class Reflector<T extends Stored> {
  readonly objects = new Map<string, T>();
  private readonly stopping = new AbortController();
  private listed: (() => void) | undefined;
  /** Resolves after the first complete list. */
  readonly ready = new Promise<void>((resolve) => (this.listed = resolve));

  constructor(
    private readonly client: ApiClient,
    private readonly path: string,
    private readonly onChange: (object: T, isGone: boolean) => void,
    private readonly say: (line: string) => void,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
  }

  private async run(): Promise<void> {
    let waitMs = RETRY_FIRST_MS;
    while (!this.stopping.signal.aborted) {
      try {
        let version = await this.list();
        waitMs = RETRY_FIRST_MS;
        for (;;) version = await this.watch(version);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        // 410: the place to go on from is no longer kept. Nothing to tell: the list says what is there now.
        if (!(error instanceof ApiError && error.status === 410)) this.say(`${this.path}: ${(error as Error).message}`);
      }
      await new Promise((done) => setTimeout(done, waitMs));
      waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
    }
  }

  private async list(): Promise<string> {
    const seen = new Set<string>();
    let next = '';
    let version = '';
    do {
      const query = `limit=${PAGE}${next ? `&continue=${encodeURIComponent(next)}` : ''}`;
      const page = await this.client.json<List<T> & { metadata: { continue?: string } }>('GET', this.url(query));
      for (const object of page.items) {
        seen.add(uidOf(object));
        this.put(object);
      }
      version = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
    } while (next !== '');
    for (const [uid, object] of [...this.objects]) if (!seen.has(uid)) this.remove(object);
    this.listed?.();
    return version;
  }

  /** Follows until the server closes the stream; the answer is where to go on from. */
  private async watch(from: string): Promise<string> {
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${from}&timeoutSeconds=${WATCH_SECONDS}`;
    const response = await this.client.stream(this.url(query), this.stopping.signal);
    response.socket.setKeepAlive(true, 10_000);
    let version = from;
    for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
      const { type, object } = JSON.parse(line) as WatchEvent<T>;
      if (type === 'ERROR') throw new ApiError(object.code ?? 500, object.message ?? 'The watch failed');
      version = object.metadata?.resourceVersion ?? version;
      if (type === 'DELETED') this.remove(object);
      else if (type !== 'BOOKMARK') this.put(object);
    }
    if (!response.complete) throw new Error('The watch was cut off');
    return version;
  }

  private url(query: string): string {
    return `${this.path}${this.path.includes('?') ? '&' : '?'}${query}`;
  }

  private put(object: T): void {
    const uid = uidOf(object);
    const known = this.objects.get(uid);
    if (known?.metadata?.resourceVersion === object.metadata?.resourceVersion) return;
    this.objects.set(uid, object);
    this.onChange(object, false);
  }

  private remove(object: T): void {
    if (this.objects.delete(uidOf(object))) this.onChange(object, true);
  }
}

function uidOf(object: Stored): string {
  return object.metadata?.uid ?? '';
}
