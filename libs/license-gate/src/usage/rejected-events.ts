import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UsageEvent } from '@biplane/contracts';
import { listFolder, makeFolder, replaceFile, syncFolder } from '../files/durable-files.js';

/** An event that the service refuses, and why; `line` is what stood where no event could be read any more. */
export interface Rejection {
  readonly code: string;
  readonly detail: string;
  readonly event?: UsageEvent;
  readonly line?: string;
}

interface File {
  readonly events: number;
  readonly bytes: number;
}

const SUFFIX = '.jsonl';

/** What was rejected, a file for each segment: sent again after a crash, a segment writes the same file again. */
export class RejectedEvents {
  private readonly files = new Map<number, File>();

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<RejectedEvents> {
    await makeFolder(folder);
    const rejected = new RejectedEvents(folder);
    for (const name of await listFolder(folder)) {
      const number = Number(name.slice(0, -SUFFIX.length));
      if (!name.endsWith(SUFFIX) || !Number.isSafeInteger(number)) continue;
      const { size } = await stat(join(folder, name));
      rejected.files.set(number, { events: (await rejected.read(number)).length, bytes: size });
    }
    return rejected;
  }

  get events(): number {
    return [...this.files.values()].reduce((sum, { events }) => sum + events, 0);
  }

  get bytes(): number {
    return [...this.files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get highest(): number {
    return Math.max(0, ...this.files.keys());
  }

  get numbers(): readonly number[] {
    return [...this.files.keys()];
  }

  async write(number: number, rejections: readonly Rejection[]): Promise<void> {
    const text = rejections.map((rejection) => `${JSON.stringify(rejection)}\n`).join('');
    await replaceFile(this.pathOf(number), text);
    await syncFolder(this.folder);
    this.files.set(number, { events: rejections.length, bytes: Buffer.byteLength(text) });
  }

  async read(number: number): Promise<Rejection[]> {
    const text = await readFile(this.pathOf(number), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Rejection);
  }

  async remove(number: number): Promise<void> {
    await rm(this.pathOf(number), { force: true });
    await syncFolder(this.folder);
    this.files.delete(number);
  }

  private pathOf(number: number): string {
    return join(this.folder, `${String(number).padStart(12, '0')}${SUFFIX}`);
  }
}
