import { watch, type FSWatcher } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BUNDLE_BYTES_MAX, readBundle, type BundleEntry } from './bundle.js';
import type { LicenseFeed, LicenseSink } from './license-feed.js';

export interface FileFeedOptions {
  readonly file: string;
  /** How often the file is looked at when the system does not tell of a change (some network file systems). */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;

/** Reads a bundle file, and again whenever it changes. Whatever is wrong with the file, the present licenses stay. */
export class FileFeed implements LicenseFeed {
  private sink: LicenseSink | undefined;
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> = Promise.resolve();
  private isQueued = false;
  /** Of the file as it was read last: its identity, size and time of change. */
  private seen: string | undefined;
  private hasRead = false;
  private hasAnswered = false;
  private isStopped = false;
  private waiters: (() => void)[] = [];

  constructor(private readonly options: FileFeedOptions) {}

  get connected(): boolean {
    return this.hasAnswered;
  }

  get ready(): boolean {
    return this.hasRead;
  }

  start(sink: LicenseSink): void {
    this.sink = sink;
    this.watchFolder();
    this.timer = setInterval(() => {
      if (!this.watcher) this.watchFolder();
      this.look();
    }, this.options.everyMs ?? EVERY_MS).unref();
    this.look();
  }

  whenReady(): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  readAgain(): void {
    this.seen = undefined;
    this.hasRead = false;
    this.look();
  }

  /** Reading a file needs no restart. */
  checkLiveness(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    this.watcher?.close();
    await this.reading;
  }

  /** The folder, not the file: whoever replaces a file by another renames it, and a mounted secret swaps a link. */
  private watchFolder(): void {
    try {
      this.watcher = watch(dirname(this.options.file), { persistent: false }, () => this.look());
      this.watcher.on('error', () => {
        this.watcher?.close();
        this.watcher = undefined;
      });
    } catch {
      this.watcher = undefined; // the folder is not there yet; the timer looks
    }
  }

  /** One reading at a time; changes that come meanwhile are one more. */
  private look(): void {
    if (this.isQueued || this.isStopped) return;
    this.isQueued = true;
    this.reading = this.reading.then(async () => {
      this.isQueued = false;
      if (!this.isStopped) await this.readIfChanged();
    });
  }

  private async readIfChanged(): Promise<void> {
    try {
      const { ino, size, mtimeMs } = await stat(this.options.file);
      const present = `${ino}/${size}/${mtimeMs}`;
      if (present === this.seen) return;
      this.seen = present;
      const entries = size > BUNDLE_BYTES_MAX ? undefined : readBundle(await readFile(this.options.file, 'utf8'));
      this.hasAnswered = true;
      if (entries === undefined) return void this.sink?.refuse('BUNDLE.UNREADABLE');
      await this.bring(entries);
      this.hasRead = true;
      for (const resolve of this.waiters.splice(0)) resolve();
    } catch {
      this.seen = undefined; // away: tried again
    }
  }

  private async bring(entries: readonly BundleEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.kind === 'key') await this.sink?.takeKeyStatement(entry.data.kid, entry.data.statement);
      else if (entry.kind === 'license') this.sink?.takeLicense(entry.data.deploymentId, entry.data.license);
      else this.sink?.refuse(entry.code);
    }
  }
}
