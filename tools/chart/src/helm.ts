import { spawn } from 'node:child_process';
import { ensureBinaries, KUBERNETES_VERSION } from '@biplane/cluster';
import { root } from './places.js';

export interface HelmResult {
  readonly code: number;
  readonly stdout: string;
  /** Without the remarks on the chart's links to deploy/. */
  readonly stderr: string;
}

export interface HelmOptions {
  readonly kubeconfig?: string;
  readonly timeoutMs?: number;
  /** A folder for helm's own files: nothing of whoever runs it is read or written. */
  readonly home?: string;
}

const LINK_REMARK = /^.*found symbolic link in path: .*$\n?/gm;
let binary: Promise<string> | undefined;

/** The helm of the local cluster's tools. */
export function helmBinary(): Promise<string> {
  return (binary ??= ensureBinaries(['helm'], process.env, root, () => undefined).then(({ helm }) => helm));
}

export async function helm(args: readonly string[], options: HelmOptions = {}): Promise<HelmResult> {
  const command = await helmBinary();
  const home = options.home ?? '/nonexistent';
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
      ...(options.kubeconfig && { KUBECONFIG: options.kubeconfig }),
    },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  clearTimeout(timer);
  return { code, stdout, stderr: stderr.replace(LINK_REMARK, '') };
}

/** The standard output of a helm that must succeed. */
export async function helmOrThrow(args: readonly string[], options: HelmOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await helm(args, options);
  if (code === 0) return stdout;
  throw new Error(`helm ${args.slice(0, 2).join(' ')} ended with ${code}:\n${stderr}${stdout.slice(-4_000)}`);
}

/** A helm that was built without the version of a cluster assumes 1.20. */
export const kubeVersion = ['--kube-version', KUBERNETES_VERSION] as const;
