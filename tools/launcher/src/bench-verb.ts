import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { testEnvironment } from '@biplane/stack';
import { orInterrupted, runChild } from './child.js';
import { startTestParts } from './parts-verb.js';
import type { Progress } from './progress.js';
import { outputFolder, root } from './repository.js';

/** Benchmarks against servers that sync to disk: figures with fsync off would say nothing. */
export async function benchVerb(environment: NodeJS.ProcessEnv, progress: Progress, names: string[]): Promise<void> {
  progress.heading('Starting the servers for the benchmarks');
  const { parts } = await orInterrupted(startTestParts(environment, progress, { durable: true }));
  try {
    const folder = path.join(outputFolder, 'bench');
    await mkdir(folder, { recursive: true });
    process.exitCode = await runChild(
      process.execPath,
      [path.join(root, 'tools', 'bench', 'dist', 'main.js'), ...names],
      { cwd: root, env: { ...environment, ...testEnvironment(parts), BENCH_FOLDER: folder } },
    );
  } finally {
    await progress.step('everything stopped', () => parts.stop());
  }
}
