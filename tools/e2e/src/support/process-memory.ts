import { setImmediate } from 'node:timers/promises';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 8 * 1024 * 1024;
/** A text may lie across two chunks: no needle is longer. */
const OVERLAP = 512;
const REGION = /^([0-9a-f]+)-([0-9a-f]+) (\S+) /;

/** Processes of this machine, by what their environment says. */
export function processesWith(variable: string, value: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid)[variable] === value);
}

/** As it was started; nothing of a process that has ended, or is somebody else's. */
export function environmentOf(pid: number): Record<string, string> {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  } catch {
    return {};
  }
}

export interface Needle {
  readonly what: string;
  readonly forms: readonly Buffer[];
}

/** Which of them stand anywhere in the memory of a process that runs on, and how much of it was read. */
export async function searchMemory(
  pid: number,
  needles: readonly Needle[],
): Promise<{ found: string[]; bytes: number }> {
  const memory = openMemory(pid);
  const found = new Set<string>();
  let bytes = 0;
  try {
    for (const [from, to] of regionsOf(pid)) {
      for (let at = from; at < to; at += CHUNK - OVERLAP) {
        const chunk = readAt(memory, at, Math.min(CHUNK, to - at));
        bytes += chunk.length;
        for (const what of foundIn(chunk, needles)) found.add(what);
        await setImmediate(); // what the other side closes meanwhile is noticed
        if (at + CHUNK >= to) break;
      }
    }
  } finally {
    closeSync(memory);
  }
  return { found: [...found].sort(), bytes };
}

export function foundIn(bytes: Buffer, needles: readonly Needle[]): string[] {
  return needles.filter(({ forms }) => forms.some((form) => bytes.includes(form))).map(({ what }) => what);
}

function openMemory(pid: number): number {
  try {
    return openSync(`/proc/${pid}/mem`, 'r');
  } catch (error) {
    throw new Error(
      `The memory of process ${pid} cannot be read, so that nothing is known of what it holds: ${String(error)}. ` +
        'This suite needs Linux, and root or kernel.yama.ptrace_scope=0',
    );
  }
}

/** What is mapped for reading and in use; devices and the kernel's own pages cannot be read, nor hold anything of ours. */
function regionsOf(pid: number): [from: number, to: number][] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line): [number, number][] => {
      const [, from = '', to = '', rights = ''] = REGION.exec(line) ?? [];
      const isReadable = rights.startsWith('r') && !/\[(vvar|vsyscall|vvar_vclock)\]|\/dev\//.test(line);
      return isReadable ? [[Number.parseInt(from, 16), Number.parseInt(to, 16)]] : [];
    });
}

/** Empty when the region was given back meanwhile: the process runs on. */
function readAt(memory: number, at: number, length: number): Buffer {
  const chunk = Buffer.allocUnsafe(length);
  try {
    return chunk.subarray(0, readSync(memory, chunk, 0, length, at));
  } catch {
    return chunk.subarray(0, 0);
  }
}
