import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What we may need from outside npm, and the Debian package that brings it. */
export const SYSTEM_COMMANDS = {
  java: { debian: 'default-jre-headless', why: 'runs the Kafka broker' },
  mvn: { debian: 'maven', why: 'downloads the Kafka broker, once' },
  'redis-server': { debian: 'redis-server', why: 'the queue' },
  etcd: { debian: 'etcd-server', why: "keeps a local cluster's objects" },
} as const;
export type SystemCommand = keyof typeof SYSTEM_COMMANDS;

/** The full path of a command, or null. */
export function findCommand(command: string, environment: NodeJS.ProcessEnv): string | null {
  for (const folder of (environment['PATH'] ?? '').split(path.delimiter).filter(Boolean)) {
    const candidate = path.join(folder, command);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return null;
}

export function howToGet(command: SystemCommand): string {
  const { debian, why } = SYSTEM_COMMANDS[command];
  return `${command} (${why}) is missing: apt-get install ${debian}, or your system's equivalent`;
}

/** Finds the command; as root on Debian, installs its package when it is missing. Fails with what to do otherwise. */
export async function ensureCommand(
  command: SystemCommand,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void = () => undefined,
): Promise<string> {
  const found = findCommand(command, environment);
  if (found) return found;
  const aptGet = findCommand('apt-get', environment);
  if (process.getuid?.() !== 0 || !aptGet) throw new Error(howToGet(command));
  const packageName = SYSTEM_COMMANDS[command].debian;
  say(`installing ${packageName} with apt-get`);
  // RUNLEVEL=1 keeps the package's own service from starting: we run our own server on our own port.
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', packageName];
  try {
    await run(aptGet, install, { env, timeout: 300_000, maxBuffer: 1 << 26 }).catch(async () => {
      await run(aptGet, ['update'], { env, timeout: 120_000, maxBuffer: 1 << 26 });
      await run(aptGet, install, { env, timeout: 300_000, maxBuffer: 1 << 26 });
    });
  } catch (error) {
    throw new Error(`${howToGet(command)} (apt-get failed: ${(error as Error).message.split('\n')[0]})`, {
      cause: error,
    });
  }
  const installed = findCommand(command, environment);
  if (!installed) throw new Error(howToGet(command));
  return installed;
}
