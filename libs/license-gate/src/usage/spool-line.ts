import { crc32 } from 'node:zlib';
import type { UsageEvent } from '@biplane/contracts';

export interface SpoolEntry {
  readonly event: UsageEvent;
  /** When it was recorded, by the Clock: how old the spool is. */
  readonly at: string;
}

/** One line of a segment: a checksum, for a crash may leave a line torn or its bytes unwritten. */
export function encodeLine(entry: SpoolEntry): string {
  const json = JSON.stringify(entry);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

export interface SegmentContent {
  readonly entries: readonly SpoolEntry[];
  /** Whole lines that do not read, with readable ones or a line's end after them: not a crash, the disk. */
  readonly damaged: readonly string[];
  /** Up to here the segment is whole; what follows was never acknowledged to anybody. */
  readonly wholeBytes: number;
}

export function decodeSegment(bytes: Buffer): SegmentContent {
  const entries: SpoolEntry[] = [];
  const damaged: string[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
    const line = bytes.toString('utf8', start, end);
    const entry = decodeLine(line);
    if (entry) entries.push(entry);
    else damaged.push(line);
    start = end + 1;
  }
  return { entries, damaged, wholeBytes: start };
}

function decodeLine(line: string): SpoolEntry | undefined {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  return JSON.parse(json) as SpoolEntry;
}
