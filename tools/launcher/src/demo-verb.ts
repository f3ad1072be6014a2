import path from 'node:path';
import { runChild } from './child.js';
import type { Progress } from './progress.js';
import { outputFolder, root } from './repository.js';
import { withStack } from './with-stack.js';

/** The main job, end to end, on a stack of its own. The demo itself says whether every figure is right. */
export async function demoVerb(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: { cluster?: boolean },
): Promise<void> {
  progress.heading('Starting a stack for the demo');
  const code = await withStack('demo', environment, progress, options, (_stack, env) =>
    runChild(process.execPath, [path.join(root, 'tools', 'demo', 'dist', 'main.js')], {
      cwd: root,
      env: { ...env, DEMO_FOLDER: path.join(outputFolder, 'demo') },
    }),
  );
  if (code !== 0) progress.note(`the logs of this run are in ${path.join(outputFolder, 'logs', 'demo')}`);
  process.exitCode = code;
}
