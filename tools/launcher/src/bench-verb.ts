import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from './child.js';
import type { Progress } from './progress.js';
import { outputFolder, root } from './repository.js';
import { withStack } from './with-stack.js';

/** Those of dedicated homes, which run as pods. */
const IN_A_CLUSTER = ['desired-state', 'dedicated'];

/** Benchmarks against a stack whose servers sync to disk: figures with fsync off would say nothing. */
export async function benchVerb(environment: NodeJS.ProcessEnv, progress: Progress, names: string[]): Promise<void> {
  progress.heading('Starting a stack for the benchmarks');
  const folder = path.join(outputFolder, 'bench');
  await mkdir(folder, { recursive: true });
  const cluster = names.length === 0 || names.some((name) => IN_A_CLUSTER.includes(name));
  process.exitCode = await withStack('bench', environment, progress, { cluster }, (_stack, env) =>
    runChild(process.execPath, [path.join(root, 'tools', 'bench', 'dist', 'main.js'), ...names], {
      cwd: root,
      env: { ...env, BENCH_FOLDER: folder },
    }),
  );
}
