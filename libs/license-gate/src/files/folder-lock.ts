import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Another process writes in this folder: two would mix what each of them promised. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** When the process began, by its kernel: a process id is given to another one later. Null where the kernel does not tell. */
  readonly startedAt: string | null;
}

const LOCK = 'lock';
const TOUCH_EVERY_MS = 5_000;
/** Of a holder on another host only the file's age tells whether it lives. */
const ABANDONED_MS = 60_000;
const held = new Set<string>();

/** One writer per folder. A killed writer's lock is taken over, by one of those that try. */
export class FolderLock {
  private readonly touching: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly token: string,
  ) {
    this.touching = setInterval(() => void this.touch(), TOUCH_EVERY_MS).unref();
    held.add(token);
  }

  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, LOCK);
    const me: Holder = {
      token: randomUUID(),
      host: hostname(),
      pid: process.pid,
      startedAt: await startOf(process.pid),
    };
    const mine = join(folder, `.lock-${me.token}`);
    await writeFile(mine, JSON.stringify(me), { mode: 0o600 });
    try {
      // Each turn either wins or takes an abandoned lock away; who loses that race finds the winner's.
      for (let turn = 0; turn < 3; turn += 1) {
        if (await linked(mine, path)) return new FolderLock(path, me.token);
        await takeAway(folder, path, mine);
      }
    } finally {
      await rm(mine, { force: true });
    }
    throw new FolderInUseError(`${folder} is being taken by several processes at once`);
  }

  async release(): Promise<void> {
    clearInterval(this.touching);
    held.delete(this.token);
    const holder = await read(this.path);
    if (holder?.token === this.token) await rm(this.path, { force: true });
  }

  private async touch(): Promise<void> {
    try {
      const handle = await open(this.path, 'r+');
      // Its first byte again: the file system takes the time, which the other host compares with its own file.
      await handle.write('{', 0).finally(() => handle.close());
    } catch {
      return; // the next touch tries again
    }
  }
}

/** A link is made by one process only, and brings its content along. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function takeAway(folder: string, path: string, mine: string): Promise<void> {
  const holder = await read(path);
  if (holder && (await isAlive(holder, path, mine))) {
    throw new FolderInUseError(`${folder} is in use by process ${holder.pid} of ${holder.host}`);
  }
  const away = join(folder, `.lock-${randomUUID()}`);
  try {
    await rename(path, away);
  } catch {
    return; // another process took it away first
  }
  const taken = await read(away);
  // Meanwhile it may have become the lock of somebody alive: that one gets it back.
  if (taken && taken.token !== holder?.token) await linked(away, path);
  await rm(away, { force: true });
}

async function read(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined; // gone, or written by nobody of us
  }
}

async function isAlive(holder: Holder, path: string, mine: string): Promise<boolean> {
  if (held.has(holder.token)) return true;
  if (holder.host !== hostname()) return (await ageMs(path, mine)) < ABANDONED_MS;
  const startedAt = await startOf(holder.pid);
  // In a container every service is process 1: the start tells the living one from the one before it.
  if (holder.startedAt !== null) return startedAt === holder.startedAt;
  try {
    process.kill(holder.pid, 0);
    return holder.pid !== process.pid;
  } catch {
    return false;
  }
}

/** Both instants are the file system's own, so that no clock of a host matters. */
async function ageMs(path: string, justWritten: string): Promise<number> {
  const [lock, now] = await Promise.all([stat(path), stat(justWritten)]);
  return now.mtimeMs - lock.mtimeMs;
}

async function startOf(pid: number): Promise<string | null> {
  try {
    const [boot, line] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name, in parentheses, may hold anything; the start is the twentieth field after it.
    const started = line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${boot.trim()}/${started}`;
  } catch {
    return null;
  }
}
