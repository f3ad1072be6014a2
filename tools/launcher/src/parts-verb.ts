import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  cacheFolder,
  completePasswords,
  Ports,
  startParts,
  temporaryRun,
  testEnvironment,
  type Parts,
} from '@biplane/stack';
import { Progress } from './progress.js';
import { interrupted } from './shutdown.js';

export const REGIONS = ['eu-1', 'us-1'];

/** Starts the three servers for tests, in a folder that goes with them. */
export async function startTestParts(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: { durable: boolean; portBase?: number | undefined },
): Promise<Parts> {
  const cache = cacheFolder(environment);
  const run = await temporaryRun(cache);
  const context = {
    environment,
    cache,
    dataFolder: run.dataFolder,
    privateFolder: run.privateFolder,
    group: run.group,
    ports: new Ports(options.portBase),
    say: (line: string) => progress.note(line),
    durable: options.durable,
    passwords: completePasswords({}, REGIONS),
  };
  return startParts(context, REGIONS, progress.step);
}

/** Keeps PostgreSQL, Kafka and Redis up until it is interrupted: for work on integration suites. */
export async function partsVerb(
  environment: NodeJS.ProcessEnv,
  options: { writeEnv?: string; portBase?: number; durable?: boolean },
): Promise<void> {
  const stop = interrupted();
  const progress = new Progress();
  const parts = await startTestParts(environment, progress, {
    durable: options.durable ?? false,
    portBase: options.portBase,
  });
  const lines = Object.entries(testEnvironment(parts)).map(([name, value]) => `${name}='${value}'\n`);
  const envFile = options.writeEnv && path.resolve(options.writeEnv);
  if (envFile) await writeFile(envFile, lines.join(''), { mode: 0o600 });
  else process.stdout.write(lines.join(''));
  progress.note('ready; Ctrl-C stops them');
  // The servers' handles are not ours to wait on: this timer keeps the process alive.
  const keepAlive = setInterval(() => undefined, 60_000);
  await stop;
  clearInterval(keepAlive);
  if (envFile) await rm(envFile, { force: true });
  await progress.step('stopped', () => parts.stop());
}
