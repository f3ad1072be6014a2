import { mkdir, copyFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  cacheFolder,
  RUN_MARKER,
  startStack,
  temporaryRun,
  testEnvironment,
  type RunFolder,
  type RunningStack,
} from '@biplane/stack';
import { orInterrupted } from './child.js';
import { clusterEnvironment, startHomesPlace, type HomesPlace } from './cluster-part.js';
import type { Progress } from './progress.js';
import { outputFolder, root } from './repository.js';

/**
 * Where the Clock of the demo and of the whole-stack suites stands at the start: the day before the billed April, and
 * never later than what they move it to, since an hour that a home has closed stays closed.
 */
export const STACK_STARTS_AT = '2026-03-31T03:00:00.000Z';

/** Runs work against a stack of its own that is thrown away; its logs stay in .biplane/logs/<name>. */
export async function withStack<T>(
  name: string,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: { cluster?: boolean },
  work: (stack: RunningStack, childEnvironment: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const run = await temporaryRun(cacheFolder(environment));
  const file = path.join(run.privateFolder, 'stack.json');
  let stack: RunningStack | undefined;
  let homes: HomesPlace | undefined;
  try {
    homes = await orInterrupted(startHomesPlace(run, environment, progress, options.cluster ?? false));
    const { cluster } = homes;
    stack = await orInterrupted(
      startStack({
        root,
        environment,
        run,
        stackFile: file,
        durable: true, // these suites kill PostgreSQL
        startAt: STACK_STARTS_AT,
        cluster,
        homeAddresses: homes.addressesIn,
        step: progress.step,
        say: (line) => progress.note(line),
      }),
    );
    return await work(stack, {
      ...environment,
      ...testEnvironment(stack.parts),
      ...stackEnvironment(stack, file),
      ...clusterEnvironment(cluster),
      [RUN_MARKER]: run.runId, // the demo or Jest ends with the run, too
    });
  } finally {
    // A start that failed or was interrupted has stopped, or is ended by the run's reaper.
    const stopped = { homes, stack };
    await progress.step('everything stopped', async () => {
      // Homes first: what they have counted goes to Kafka when they end.
      await stopped.homes?.stop();
      await stopped.stack?.stop();
    });
    await keepLogs(run, name);
  }
}

export function stackEnvironment(stack: RunningStack, file: string): Record<string, string> {
  return { STACK_FILE: file, STACK_CONTROL_URL: stack.control.url, STACK_CONTROL_TOKEN: stack.control.token };
}

/** The run's folder goes with the launcher: what a failure would need is copied first. Logs hold no secrets. */
export async function keepLogs(run: RunFolder, name: string): Promise<void> {
  const folder = path.join(outputFolder, 'logs', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(run.privateFolder)) {
    if (file.endsWith('.log')) await copyFile(path.join(run.privateFolder, file), path.join(folder, file));
  }
}
