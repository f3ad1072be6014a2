import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
/** Under the root, so that packages resolve, and ignored by git and by the tools. */
const PLACE = fileURLToPath(new URL('../../../../.biplane/readme/', import.meta.url));

/** The code blocks of the README, by the file name in their first line. */
export function readmeFiles(): Map<string, string> {
  const blocks = readFileSync(README, 'utf8').matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, name = '', code = '']) => [name, code]));
}

/** Written as they stand, for a compiler or a process to read. */
export function unpackReadme(): { folder: string; remove(): void } {
  mkdirSync(PLACE, { recursive: true });
  const folder = mkdtempSync(PLACE);
  for (const [name, code] of readmeFiles()) writeFileSync(join(folder, name), code);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
