import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  cacheFolder,
  completePasswords,
  Ports,
  REGIONS,
  startParts,
  temporaryRun,
  testEnvironment,
  type Parts,
  type RunFolder,
} from '@biplane/stack';
import type { Progress } from './progress.js';
import { untilInterrupted } from './shutdown.js';

export interface PartsOptions {
  writeEnv?: string;
  portBase?: number;
  durable?: boolean;
}

/** Starts the three servers for tests, in a folder that goes with them. */
export async function startTestParts(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: { durable: boolean; portBase?: number | undefined },
): Promise<{ parts: Parts; run: RunFolder }> {
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
  return { parts: await startParts(context, REGIONS, progress.step), run };
}

/** Keeps PostgreSQL, Kafka and Redis up until it is interrupted: for work on integration suites. */
export async function partsVerb(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: PartsOptions,
): Promise<void> {
  const { parts } = await startTestParts(environment, progress, {
    durable: options.durable ?? false,
    portBase: options.portBase,
  });
  const lines = Object.entries(testEnvironment(parts)).map(([name, value]) => `${name}='${value}'\n`);
  const envFile = options.writeEnv && path.resolve(options.writeEnv);
  if (envFile) await writeFile(envFile, lines.join(''), { mode: 0o600 });
  else process.stdout.write(lines.join(''));
  progress.note('ready; Ctrl-C stops them');
  await untilInterrupted();
  if (envFile) await rm(envFile, { force: true });
  await progress.step('everything stopped', () => parts.stop());
}
