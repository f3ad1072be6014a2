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
  type RunFolder,
} from '@biplane/stack';
import { clusterEnvironment, startClusterPart } from './cluster-part.js';
import type { Progress } from './progress.js';
import { untilInterrupted } from './shutdown.js';

export interface TestParts {
  readonly run: RunFolder;
  /** What suites read of them. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

export interface PartsOptions {
  writeEnv?: string;
  portBase?: number;
  durable?: boolean;
  /** False leaves the Kubernetes control plane out. */
  cluster?: boolean;
}

/** Starts the servers for tests, in a folder that goes with them. */
export async function startTestParts(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: { durable: boolean; portBase?: number | undefined; withCluster: boolean },
): Promise<TestParts> {
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
  const [parts, cluster] = await Promise.allSettled([
    startParts(context, REGIONS, progress.step),
    options.withCluster ? startClusterPart(run, environment, progress, { withGatewayApi: true }) : undefined,
  ]);
  if (parts.status === 'rejected' || cluster.status === 'rejected') {
    if (parts.status === 'fulfilled') await parts.value.stop();
    if (cluster.status === 'fulfilled') await cluster.value?.stop();
    throw parts.status === 'rejected' ? parts.reason : (cluster as PromiseRejectedResult).reason;
  }
  return {
    run,
    environment: { ...testEnvironment(parts.value), ...clusterEnvironment(cluster.value) },
    stop: async () => {
      await cluster.value?.stop();
      await parts.value.stop();
    },
  };
}

/** Keeps PostgreSQL, Kafka, Redis and a Kubernetes control plane up until it is interrupted: for work on integration suites. */
export async function partsVerb(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: PartsOptions,
): Promise<void> {
  const parts = await startTestParts(environment, progress, {
    durable: options.durable ?? false,
    portBase: options.portBase,
    withCluster: options.cluster ?? true,
  });
  const lines = Object.entries(parts.environment).map(([name, value]) => `${name}='${value}'\n`);
  const envFile = options.writeEnv && path.resolve(options.writeEnv);
  if (envFile) await writeFile(envFile, lines.join(''), { mode: 0o600 });
  else process.stdout.write(lines.join(''));
  progress.note('ready; Ctrl-C stops them');
  await untilInterrupted();
  if (envFile) await rm(envFile, { force: true });
  await progress.step('everything stopped', () => parts.stop());
}
