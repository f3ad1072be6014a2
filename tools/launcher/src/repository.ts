import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, wherever the user stands. */
export const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');

/** Reports, logs and stack.json; ignored by git. */
export const outputFolder = path.join(root, '.biplane');

/** Names the data that `up` keeps for this clone: another clone has its own. */
export function stackName(repositoryRoot: string = root): string {
  const readable = path.basename(repositoryRoot).replace(/[^A-Za-z0-9]+/g, '-');
  return `${readable}-${createHash('sha256').update(repositoryRoot).digest('hex').slice(0, 12)}`;
}
