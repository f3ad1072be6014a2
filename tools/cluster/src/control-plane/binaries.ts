import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, ensureCommand, findCommand, openFolder } from '@biplane/stack';
import { buildBinary, GO_IS_MISSING } from './go-build.js';
import { madeAside } from './made-aside.js';
import { KUBERNETES_VERSION, type Binary } from './versions.js';

const run = promisify(execFile);

export type Source =
  | { readonly from: 'KUBEBUILDER_ASSETS' | 'cache' | 'PATH'; readonly file: string }
  | { readonly from: 'unpack'; readonly script: string; readonly folder: string }
  | { readonly from: 'package'; readonly command: 'etcd' }
  | { readonly from: 'go'; readonly file: string };

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** The cache folder of this version's binaries. */
  readonly cache: string;
  /** Of the clone. */
  readonly root: string;
  /** Root on Debian: a package may be installed. */
  readonly canInstallPackages: boolean;
  /** The full path of a command on PATH, or null. */
  readonly onPath: (command: string) => string | null;
  readonly isThere: (file: string) => boolean;
}

/** Where a binary comes from: what somebody gave, what was made before, what can be had quickly, and last the build. */
export function sourceOf(binary: Binary, around: Surroundings): Source {
  const given = around.environment['KUBEBUILDER_ASSETS'];
  if (given && around.isThere(path.join(given, binary))) {
    return { from: 'KUBEBUILDER_ASSETS', file: path.join(given, binary) };
  }
  const cached = path.join(around.cache, binary);
  if (binary === 'etcd') {
    const found = around.onPath('etcd');
    if (found) return { from: 'PATH', file: found };
    if (around.isThere(cached)) return { from: 'cache', file: cached };
    return around.canInstallPackages ? { from: 'package', command: 'etcd' } : { from: 'go', file: cached };
  }
  if (around.isThere(cached)) return { from: 'cache', file: cached };
  const script = path.join(around.root, '..', 'shared', 'cluster', 'unpack');
  if (around.isThere(script)) return { from: 'unpack', script, folder: around.cache };
  return { from: 'go', file: cached };
}

export function binariesFolder(environment: NodeJS.ProcessEnv): string {
  return path.join(cacheFolder(environment), `cluster-${KUBERNETES_VERSION}`);
}

/** The full path of each binary asked for; missing ones are fetched, one after another, or built. */
export async function ensureBinaries<B extends Binary>(
  binaries: readonly B[],
  environment: NodeJS.ProcessEnv,
  root: string,
  say: (line: string) => void,
): Promise<Record<B, string>> {
  const found = {} as Record<B, string>;
  for (const binary of binaries) found[binary] = await ensureBinary(binary, environment, root, say);
  return found;
}

/** Where it would come from now; nothing is fetched. */
export async function howToFind(binary: Binary, environment: NodeJS.ProcessEnv, root: string): Promise<Source> {
  return sourceOf(binary, await surroundings(binary, environment, binariesFolder(environment), root));
}

async function ensureBinary(
  binary: Binary,
  environment: NodeJS.ProcessEnv,
  root: string,
  say: (line: string) => void,
): Promise<string> {
  const cache = await openFolder(binariesFolder(environment));
  const source = sourceOf(binary, await surroundings(binary, environment, cache, root));
  if (source.from === 'unpack') {
    say(`unpacking ${binary}`);
    await run(source.script, [source.folder], { timeout: 300_000 });
    return path.join(source.folder, binary);
  }
  if (source.from === 'package') {
    return ensureCommand('etcd', environment, say).catch((error: Error) => {
      if (!findCommand('go', environment)) throw error;
      return build(binary, path.join(cache, binary), environment, say);
    });
  }
  return source.from === 'go' ? build(binary, source.file, environment, say) : source.file;
}

async function build(
  binary: Binary,
  file: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<string> {
  const go = findCommand('go', environment);
  if (!go) throw new Error(`${binary} is missing. ${GO_IS_MISSING}`);
  say(`building ${binary} with Go, once; the API server and the controller manager take minutes`);
  return madeAside(file, (aside) => buildBinary(binary, aside, go, environment));
}

async function surroundings(
  binary: Binary,
  environment: NodeJS.ProcessEnv,
  cache: string,
  root: string,
): Promise<Surroundings> {
  const given = environment['KUBEBUILDER_ASSETS'];
  const candidates = [
    path.join(cache, binary),
    path.join(root, '..', 'shared', 'cluster', 'unpack'),
    ...(given ? [path.join(given, binary)] : []),
  ];
  const there = new Set<string>();
  for (const file of candidates) {
    await access(file, constants.X_OK).then(
      () => there.add(file),
      () => undefined,
    );
  }
  return {
    environment,
    cache,
    root,
    canInstallPackages: process.getuid?.() === 0 && findCommand('apt-get', environment) !== null,
    onPath: (command) => findCommand(command, environment),
    isThere: (file) => there.has(file),
  };
}
