import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** After it a crash of the machine keeps the folder's entries: what was created in it and what was removed. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const TEMPORARY = '.partial';

/** All or nothing: a reader, and a start after a crash, sees the old content or the new one. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}${TEMPORARY}`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** The files of a folder whose lock is held, in order; what a killed process left half-written is cleared away. */
export async function listFolder(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const left = names.filter((name) => name.endsWith(TEMPORARY));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  return names.filter((name) => !name.endsWith(TEMPORARY)).sort();
}
