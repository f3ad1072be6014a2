import { homedir } from 'node:os';
import path from 'node:path';
import { mkdir } from 'node:fs/promises';

/**
 * Where binaries, jars and data folders live: outside every clone, because as root PostgreSQL runs as another user that
 * may be unable to traverse the clone, and because a second clone should download nothing again.
 * Root's home is usually mode 700, so root gets /var/cache.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv, uid: number = process.getuid?.() ?? -1): string {
  if (environment['BIPLANE_CACHE_DIR']) return path.resolve(environment['BIPLANE_CACHE_DIR']);
  if (uid === 0) return '/var/cache/biplane';
  if (environment['XDG_CACHE_HOME']) return path.join(environment['XDG_CACHE_HOME'], 'biplane');
  return path.join(homedir(), '.cache', 'biplane');
}

/** Creates a folder that another user (PostgreSQL's, when we are root) may traverse. */
export async function openFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Creates a folder for secrets and logs: ours alone. */
export async function privateFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
