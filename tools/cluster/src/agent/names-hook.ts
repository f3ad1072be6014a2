import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const NAMES_FILE = 'names.json';

/** What makes a process of a pod ask the agent for names of services; see src/agent/names.mjs. */
export function hookOptions(folder: string): Record<string, string> {
  // Beside the source in both layouts: the compiler copies no JavaScript.
  const hook = new URL('../../src/agent/names.mjs', import.meta.url);
  return { NODE_OPTIONS: `--import=${fileURLToPath(hook)}`, BIPLANE_NAMES_FILE: path.join(folder, NAMES_FILE) };
}
