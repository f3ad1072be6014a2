import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutantsOf, type Mutant } from './mutants.js';

/** The libraries whose rules are pure: a changed comparison or sign of theirs must break a test of theirs. */
export const MUTATED = ['libs/kernel', 'libs/billing-calendar', 'libs/pricing', 'libs/licensing'] as const;

/** A changed loop may not end: that a suite hangs is noticed as well. */
const RUN_MS_MAX = 180_000;

export interface MutationQuestion {
  readonly root: string;
  /** One of `MUTATED`. */
  readonly library: string;
  /** A part of the paths to look at; all of them by default. */
  readonly only?: string | undefined;
  /** Every how many of the mutants; each of them by default. */
  readonly every?: number | undefined;
  readonly say: (line: string) => void;
}

/** Changes one place after the other and runs the tests that reach it. How many changes no test noticed. */
export async function mutate({ root, library, only = '', every = 1, say }: MutationQuestion): Promise<number> {
  const config = await jestConfig(root, library);
  const files = sourcesOf(join(root, library, 'src')).filter((file) => file.includes(only));
  const mutants = files.flatMap((file) => mutantsOf(readFileSync(file, 'utf8')).map((mutant) => ({ file, ...mutant })));
  const chosen = mutants.filter((_, index) => index % every === 0);
  const [first] = files;
  if (first === undefined) throw new Error(`no source of ${library} has ${only} in its path`);
  if (!passes(root, config(null), files)) throw new Error(`the tests of ${library} do not pass as they are`);
  let survived = 0;
  for (const mutant of chosen) {
    const { file, line, original, replacement } = mutant;
    if (!passes(root, config(mutant), [file])) continue;
    survived += 1;
    say(`     ${file.slice(root.length + 1)}:${line} \`${original}\` may be \`${replacement}\``);
  }
  say(`${chosen.length - survived} of ${chosen.length} changes noticed (${mutants.length} in all), ${survived} not`);
  return survived;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.includes('testing/'))
    .map((path) => join(folder, path))
    .sort();
}

/** That of the suites, for the unit tests of one library, with a transformer that changes one place. */
async function jestConfig(root: string, library: string) {
  const { default: base } = (await import(pathToFileURL(join(root, 'jest.config.mjs')).href)) as {
    default: { transform: Record<string, [string, object]> };
  };
  const [[pattern, [, swc]]] = Object.entries(base.transform) as [[string, [string, object]]];
  const transformer = join(root, 'tools/checks/mutation/transform.mjs');
  return (mutant: (Mutant & { readonly file: string }) | null): string =>
    JSON.stringify({
      ...base,
      rootDir: root,
      testMatch: [`${root}/${library}/src/**/*.spec.ts`],
      transform: { [pattern]: [transformer, { swc, mutant }] },
    });
}

function passes(root: string, config: string, files: readonly string[]): boolean {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const flags = ['--experimental-vm-modules', '--no-warnings'];
  const asked = ['--config', config, '--bail', '--runInBand', '--silent', '--findRelatedTests', ...files];
  const { status } = spawnSync(process.execPath, [...flags, jest, ...asked], {
    cwd: root,
    stdio: 'ignore',
    timeout: RUN_MS_MAX,
    killSignal: 'SIGKILL',
  });
  return status === 0;
}
