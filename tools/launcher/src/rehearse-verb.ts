import path from 'node:path';
import { runChild } from './child.js';
import { root } from './repository.js';

/** Backup and restore, by the commands of the runbook. It starts its own servers and touches no others. */
export async function rehearseVerb(environment: NodeJS.ProcessEnv): Promise<void> {
  const program = path.join(root, 'tools', 'rehearsal', 'dist', 'main.js');
  process.exitCode = await runChild(process.execPath, [program], { cwd: root, env: environment });
}
