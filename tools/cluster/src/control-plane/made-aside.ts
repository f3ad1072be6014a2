import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Made aside and renamed: two runs may make it at once, and a making that was killed leaves nothing half. Returns the file. */
export async function madeAside(file: string, make: (aside: string) => Promise<void>): Promise<string> {
  const scratch = await mkdtemp(path.join(path.dirname(file), 'make-'));
  try {
    const aside = path.join(scratch, path.basename(file));
    await make(aside);
    await rename(aside, file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return file;
}
