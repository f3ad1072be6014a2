import { open, readFile, rm, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusalError } from '@biplane/kernel';
import { listFolder, makeFolder, syncFolder } from '../files/durable-files.js';
import { FolderLock } from '../files/folder-lock.js';
import { RejectedEvents, type Rejection } from './rejected-events.js';
import { decodeSegment, encodeLine, type SpoolEntry } from './spool-line.js';
import { SpoolErrors } from './usage-client.errors.js';

/** A segment is sent as one batch: the service takes 1,000 events and 1 MiB. */
const SEGMENT_EVENTS_MAX = 1_000;
const SEGMENT_BYTES_MAX = 512 * 1024;
const SUFFIX = '.events';

export interface Segment {
  readonly number: number;
  readonly path: string;
  events: number;
  bytes: number;
  readonly firstAt: string;
}

interface Waiting {
  readonly entry: SpoolEntry;
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Events on disk until they are acknowledged. Whoever appends is answered when its event is synced; those that come while a sync
 * runs share the next one. Segments are numbered, written once and removed whole.
 */
export class Spool {
  private readonly sealed: Segment[] = [];
  private active: { readonly segment: Segment; readonly handle: FileHandle } | undefined;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private tail: Promise<void> = Promise.resolve();
  private isClosed = false;
  tornBytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly bytesMax: number,
    private readonly lock: FolderLock,
    readonly rejected: RejectedEvents,
    private nextNumber: number,
  ) {}

  static async open(folder: string, bytesMax: number): Promise<Spool> {
    await makeFolder(folder);
    const lock = await FolderLock.take(folder);
    try {
      const rejected = await RejectedEvents.open(join(folder, 'rejected'));
      const spool = new Spool(folder, bytesMax, lock, rejected, rejected.highest + 1);
      await spool.load();
      return spool;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Recorded and not acknowledged yet. */
  get events(): number {
    return this.segments.reduce((sum, { events }) => sum + events, 0);
  }

  /** On disk, the rejected events included. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0) + this.rejected.bytes;
  }

  get oldestAt(): string | undefined {
    return this.segments[0]?.firstAt;
  }

  /** Segments are sent in the order of their numbers. */
  get oldestNumber(): number {
    return this.segments[0]?.number ?? Infinity;
  }

  get newestNumber(): number {
    return this.segments.at(-1)?.number ?? 0;
  }

  get isSegmentReady(): boolean {
    return this.sealed.length > 0;
  }

  append(entry: SpoolEntry): Promise<void> {
    if (this.isClosed) return Promise.reject(new RefusalError(SpoolErrors.CLOSED({ detail: 'The spool is closed' })));
    const line = encodeLine(entry);
    const bytes = this.bytes + this.waitingBytes;
    if (bytes + line.length > this.bytesMax) {
      const detail = `${bytes} of ${this.bytesMax} bytes are used by ${this.events} events and the rejected ones`;
      return Promise.reject(new RefusalError(SpoolErrors.FULL({ detail, retryAfterSeconds: 5 })));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ entry, line, resolve, reject });
      this.waitingBytes += line.length;
      if (this.waiting.length === 1) void this.serially(() => this.commit());
    });
  }

  /** The oldest segment; of the one being written only when nothing else is left. */
  async next(): Promise<Segment | undefined> {
    if (this.sealed.length === 0) await this.serially(() => this.seal());
    return this.sealed[0];
  }

  async read(segment: Segment): Promise<{ entries: readonly SpoolEntry[]; damaged: readonly string[] }> {
    const bytes = await readFile(segment.path);
    return decodeSegment(bytes.subarray(0, segment.bytes));
  }

  /** Acknowledged: what was rejected is on disk before the segment goes. */
  async settle(segment: Segment, rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length > 0) await this.rejected.write(segment.number, rejections);
    await rm(segment.path, { force: true });
    // Gone from here on, synced or not: a file that a crash brings back is sent again, one that is looked for in vain would block the rest.
    this.sealed.splice(this.sealed.indexOf(segment), 1);
    await syncFolder(this.folder);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.serially(() => this.seal());
    await this.lock.release();
  }

  private get segments(): readonly Segment[] {
    return this.active ? [...this.sealed, this.active.segment] : this.sealed;
  }

  private async load(): Promise<void> {
    for (const name of await listFolder(this.folder)) {
      const number = Number(name.slice(0, -SUFFIX.length));
      if (!name.endsWith(SUFFIX) || !Number.isSafeInteger(number)) continue;
      const path = join(this.folder, name);
      const content = await readFile(path);
      const { entries, damaged, wholeBytes } = decodeSegment(content);
      this.tornBytes += content.length - wholeBytes;
      if (wholeBytes < content.length) await truncate(path, wholeBytes);
      this.nextNumber = Math.max(this.nextNumber, number + 1);
      if (wholeBytes === 0) await rm(path);
      else {
        const events = entries.length + damaged.length;
        this.sealed.push({ number, path, events, bytes: wholeBytes, firstAt: entries[0]?.at ?? '' });
      }
    }
  }

  /** One thing at a time happens to the segment being written. */
  private serially(work: () => Promise<void>): Promise<void> {
    const mine = this.tail.then(work);
    this.tail = mine.catch(() => undefined);
    return mine;
  }

  /** Writes all who wait, as far as the segment has room, with one sync. */
  private async commit(): Promise<void> {
    while (this.waiting.length > 0) {
      const group: Waiting[] = [];
      try {
        const { segment, handle } = (this.active ??= await this.create(this.waiting[0]?.entry.at ?? ''));
        group.push(...this.waiting.splice(0, SEGMENT_EVENTS_MAX - segment.events));
        const text = Buffer.from(group.map(({ line }) => line).join(''));
        await handle.appendFile(text);
        await handle.datasync();
        segment.events += group.length;
        segment.bytes += text.length;
        for (const { resolve } of group) resolve();
        if (segment.events >= SEGMENT_EVENTS_MAX || segment.bytes >= SEGMENT_BYTES_MAX) await this.seal();
      } catch (error) {
        await this.giveUp(group, error);
      } finally {
        this.waitingBytes = this.waiting.reduce((sum, { line }) => sum + line.length, 0);
      }
    }
  }

  /** After a failed write or sync nobody knows what the file holds beyond what was synced: it is cut off and written no more. */
  private async giveUp(group: readonly Waiting[], error: unknown): Promise<void> {
    const told = group.length > 0 ? group : this.waiting.splice(0);
    const broken = this.active?.segment;
    await this.seal().catch(() => undefined);
    if (broken) await truncate(broken.path, broken.bytes).catch(() => undefined);
    const detail = `The spool cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`;
    for (const { reject } of told) reject(new RefusalError(SpoolErrors.UNWRITABLE({ detail, retryAfterSeconds: 5 })));
  }

  private async create(firstAt: string): Promise<{ segment: Segment; handle: FileHandle }> {
    const number = this.nextNumber;
    const path = join(this.folder, `${String(number).padStart(12, '0')}${SUFFIX}`);
    const handle = await open(path, 'ax', 0o600);
    this.nextNumber += 1;
    await syncFolder(this.folder);
    return { segment: { number, path, events: 0, bytes: 0, firstAt }, handle };
  }

  private async seal(): Promise<void> {
    if (!this.active) return;
    const { segment, handle } = this.active;
    this.active = undefined;
    if (segment.events > 0) this.sealed.push(segment);
    await handle.close();
    if (segment.events === 0) await rm(segment.path, { force: true });
  }
}
