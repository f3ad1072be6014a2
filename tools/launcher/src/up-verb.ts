import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  cacheFolder,
  endKeptRun,
  isAlive,
  keptRun,
  readStackFile,
  stackFilePath,
  startStack,
  type StackFile,
} from '@biplane/stack';
import { orInterrupted } from './child.js';
import { startHomesPlace } from './cluster-part.js';
import type { Progress } from './progress.js';
import { outputFolder, root, stackName } from './repository.js';
import { untilInterrupted } from './shutdown.js';

export interface UpOptions {
  detach?: boolean;
  portBase?: number;
  cluster?: boolean;
}

const DETACHED_TIMEOUT_MS = 600_000;

/** Starts the stack over this clone's kept data and holds it until Ctrl-C or `down`. */
export async function upVerb(environment: NodeJS.ProcessEnv, progress: Progress, options: UpOptions): Promise<void> {
  if (options.detach) return upDetached(environment, options);
  progress.heading('Starting Biplane');
  const run = await keptRun(cacheFolder(environment), stackName());
  const homes = await orInterrupted(startHomesPlace(run, environment, progress, options.cluster ?? false));
  const stack = await orInterrupted(
    startStack({
      root,
      environment,
      run,
      stackFile: stackFilePath(root),
      portBase: options.portBase,
      durable: true,
      cluster: homes.cluster,
      homeAddresses: homes.addressesIn,
      step: progress.step,
      say: (line) => progress.note(line),
    }),
  );
  progress.heading(addresses(stack.file));
  if (homes.cluster) progress.note(`kubeconfig: ${homes.cluster.kubeconfig}`);
  progress.note('Ctrl-C, or ./biplane down, stops it and keeps the data');
  await untilInterrupted();
  await progress.step('everything stopped, the data kept', async () => {
    await homes.stop();
    await stack.stop();
  });
}

/** The same in the background: returns when the stack is ready, or with its output when it fails. */
async function upDetached(environment: NodeJS.ProcessEnv, options: UpOptions): Promise<void> {
  await mkdir(outputFolder, { recursive: true });
  const logFile = path.join(outputFolder, 'up.log');
  const log = await open(logFile, 'w', 0o600);
  const script = path.join(root, 'tools', 'launcher', 'dist', 'main.js');
  const ports = options.portBase === undefined ? [] : ['--port-base', String(options.portBase)];
  const cluster = options.cluster ? ['--cluster'] : [];
  const child = spawn(process.execPath, [script, 'up', ...ports, ...cluster], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: environment,
    cwd: root,
  });
  await log.close();
  child.unref();
  let ended = false;
  child.once('exit', () => (ended = true));
  let shown = 0;
  const show = async () => {
    const text = await readFile(logFile, 'utf8');
    process.stdout.write(text.slice(shown));
    shown = text.length;
  };
  const deadline = performance.now() + DETACHED_TIMEOUT_MS;
  for (;;) {
    await show();
    if (ended) throw new Error(`The stack did not start; its output is in ${logFile}`);
    if ((await readStackFile(stackFilePath(root)))?.launcher.pid === child.pid) break;
    if (performance.now() > deadline) throw new Error(`The stack is not ready yet; its output goes to ${logFile}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  await new Promise((done) => setTimeout(done, 100));
  await show();
}

/** Stops this clone's stack; its data stays. */
export async function downVerb(environment: NodeJS.ProcessEnv, progress: Progress): Promise<void> {
  const ended = await progress.step('the stack of this clone is stopped, its data kept', () =>
    endKeptRun(cacheFolder(environment), stackName()),
  );
  if (!ended) progress.note('nothing was running');
}

/** What a running stack is called and where to look. */
function addresses(file: StackFile): string {
  const homes = Object.entries(file.tenantApi).map(
    ([region, url]) =>
      `  tenant-api ${region}  ${url}  (docs at ${url}/docs, internal ${file.tenantApiInternal[region]})`,
  );
  return [
    'Biplane is up',
    `  core-api         ${file.coreApi}  (docs at ${file.coreApi}/docs)`,
    ...homes,
    `  everything else  ${stackFilePath(root)}`,
    `  logs             ${file.logs}`,
  ].join('\n');
}

/** True when a launcher of this clone holds a stack now. */
export async function stackIsUp(): Promise<boolean> {
  const file = await readStackFile(stackFilePath(root));
  return file !== null && isAlive(file.launcher);
}
