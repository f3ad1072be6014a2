import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { binariesFinding } from '@biplane/cluster';
import { cacheFolder, findCommand, howToGet, openFolder, Ports, type SystemCommand } from '@biplane/stack';
import { root } from './repository.js';
import { stackIsUp } from './up-verb.js';

const run = promisify(execFile);
const DISK_GB_MIN = 3;

export interface Finding {
  name: string;
  good: boolean;
  detail: string;
}

/** etcd is told with the rest of the control plane: without a package it is built. */
const LOOKED_FOR = ['java', 'mvn', 'redis-server'] as const satisfies readonly SystemCommand[];
/** Which variable makes a local part, and so the command that runs it, unnecessary. */
const INSTEAD: Record<(typeof LOOKED_FOR)[number], string> = {
  java: 'KAFKA_BROKERS',
  mvn: 'KAFKA_BROKERS',
  'redis-server': 'REDIS_URL',
};
const VERSION_ARGUMENT: Record<(typeof LOOKED_FOR)[number], string> = {
  java: '-version',
  mvn: '-v',
  'redis-server': '-v',
};

export async function examine(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const cache = cacheFolder(environment);
  const findings: Finding[] = [
    { name: 'node', good: supportedNode(process.versions.node), detail: `${process.versions.node} (20.19 or newer)` },
    await command('npm', '-v', environment),
  ];
  for (const name of LOOKED_FOR) {
    findings.push(await systemCommand(name, environment));
  }
  findings.push({ name: 'kubernetes', ...(await binariesFinding(environment, root)) });
  findings.push(await cacheFinding(cache), await diskFinding(cache), await portsFinding());
  for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'REDIS_URL', 'KUBECONFIG']) {
    if (environment[name]) findings.push({ name, good: true, detail: 'is set and used instead of a local server' });
  }
  const up = await stackIsUp();
  findings.push({ name: 'stack', good: true, detail: up ? 'is up (./biplane down stops it)' : 'is not running' });
  return findings;
}

export function supportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

async function systemCommand(name: (typeof LOOKED_FOR)[number], environment: NodeJS.ProcessEnv): Promise<Finding> {
  const instead = INSTEAD[name];
  if (environment[instead]) return { name, good: true, detail: `not needed, ${instead} is set` };
  const found = await command(name, VERSION_ARGUMENT[name], environment);
  if (found.good) return found;
  const isInstalled = process.getuid?.() === 0 && findCommand('apt-get', environment) !== null;
  const detail = isInstalled
    ? `${howToGet(name)} (done by itself when it is needed)`
    : `${howToGet(name)}, or set ${instead}`;
  return { name, good: isInstalled, detail };
}

async function command(name: string, versionArgument: string, environment: NodeJS.ProcessEnv): Promise<Finding> {
  const file = findCommand(name, environment);
  if (!file) return { name, good: false, detail: 'is not on PATH' };
  try {
    const { stdout, stderr } = await run(file, [versionArgument], { env: environment, timeout: 20_000 });
    return { name, good: true, detail: `${firstLine(stdout || stderr)} (${file})` };
  } catch (error) {
    return { name, good: false, detail: `does not run: ${(error as Error).message.split('\n')[0]}` };
  }
}

/** Maven colors its version even when nobody looks. */
function firstLine(text: string): string {
  return stripVTControlCharacters(text).split('\n')[0]?.trim() ?? '';
}

async function cacheFinding(cache: string): Promise<Finding> {
  try {
    await openFolder(cache);
    await access(cache, constants.W_OK);
    return { name: 'cache', good: true, detail: cache };
  } catch (error) {
    const detail = `${(error as Error).message}; name another folder with BIPLANE_CACHE_DIR`;
    return { name: 'cache', good: false, detail };
  }
}

async function diskFinding(cache: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(cache);
    const gigabytes = (bavail * bsize) / 1e9;
    return {
      name: 'disk',
      good: gigabytes >= DISK_GB_MIN,
      detail: `${gigabytes.toFixed(0)} GB free (${DISK_GB_MIN} needed)`,
    };
  } catch (error) {
    return { name: 'disk', good: false, detail: (error as Error).message };
  }
}

async function portsFinding(): Promise<Finding> {
  try {
    return { name: 'ports', good: true, detail: `free from ${await new Ports().next()} upwards` };
  } catch (error) {
    return { name: 'ports', good: false, detail: (error as Error).message };
  }
}

/** Says what is there, what is missing and how to get it; ends with 1 when something is missing. */
export async function doctorVerb(environment: NodeJS.ProcessEnv): Promise<void> {
  const findings = await examine(environment);
  for (const { name, good, detail } of findings)
    process.stdout.write(`  ${good ? '✓' : '✗'} ${name.padEnd(14)} ${detail}\n`);
  const missing = findings.filter((finding) => !finding.good).length;
  process.stdout.write(missing === 0 ? '\nEverything is there.\n' : `\n${missing} missing.\n`);
  process.exitCode = missing === 0 ? 0 : 1;
}
