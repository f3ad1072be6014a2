import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { privateFolder, type RunFolder } from '@biplane/stack';
import { builtFile } from './cluster.js';
import { ourImages } from './pods/images.js';
import type { RecordedOptions } from './recorded/recorded-homes.js';

const STOP_TIMEOUT_MS = 15_000;

export interface RunningRecordedHomes {
  /** Of the pods that are ready in a namespace. */
  addressesIn(namespace: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts the process that runs recorded homes. */
export async function startRecordedHomes(context: {
  root: string;
  run: RunFolder;
  environment: NodeJS.ProcessEnv;
  /** Where the reconciler records. */
  folder: string;
}): Promise<RunningRecordedHomes> {
  const { run } = context;
  const options: RecordedOptions = {
    folder: await privateFolder(context.folder),
    work: await privateFolder(path.join(run.privateFolder, 'recorded-homes')),
    root: context.root,
    images: ourImages,
  };
  const runner = run.group.spawn({
    name: 'recorded homes',
    command: process.execPath,
    args: ['--enable-source-maps', builtFile('recorded.main.js'), JSON.stringify(options)],
    env: { PATH: context.environment['PATH'], HOME: run.privateFolder },
    logFile: path.join(run.privateFolder, 'recorded-homes.log'),
  });
  return {
    addressesIn: (namespace) => readyAddresses(path.join(options.folder, namespace)),
    stop: () => runner.stop(STOP_TIMEOUT_MS),
  };
}

async function readyAddresses(folder: string): Promise<string[]> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.status.json'));
  const told = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  return told.flatMap((text) => {
    const { pods } = JSON.parse(text) as { pods: { podIP: string; ready: boolean }[] };
    return pods.filter(({ ready }) => ready).map(({ podIP }) => podIP);
  });
}
