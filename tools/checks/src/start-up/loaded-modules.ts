import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** `import … from`, `export … from` and a bare `import`; what is type alone, or imported when it is first needed, is not loaded at the start. */
const STATEMENT = /^(?:import|export)\s+(?!type\b)(?:([^;'"]*?)\s*from\s*)?'([^']+)';/gm;

export interface Loaded {
  /** Of ours, as absolute paths. */
  readonly files: ReadonlySet<string>;
  /** Of others, by name. */
  readonly packages: ReadonlySet<string>;
}

/** What a program loads before its first line runs: its sources and those of our packages, followed import by import. */
export function loadedAtStart(root: string, entry: string): Loaded {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [join(root, entry)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, names = '', target = ''] of readFileSync(file, 'utf8').matchAll(STATEMENT)) {
      if (isTypesAlone(names) || target.startsWith('node:')) continue;
      const source = target.startsWith('.') ? sourceOf(resolve(dirname(file), target)) : sourceOfOurs(root, target);
      if (source === null) packages.add(target.split('/', target.startsWith('@') ? 2 : 1).join('/'));
      else open.push(source);
    }
  }
  return { files, packages };
}

function isTypesAlone(names: string): boolean {
  const listed = /^\{([^}]*)\}$/.exec(names)?.[1]?.split(',').map((name) => name.trim()).filter(Boolean); // prettier-ignore
  return listed !== undefined && listed.every((name) => name.startsWith('type '));
}

/** Null for what was compiled by a generator and has no source in the tree yet. */
function sourceOf(path: string): string | null {
  const source = path.replace(/\.js$/, '.ts');
  return existsSync(source) ? source : null;
}

function sourceOfOurs(root: string, target: string): string | null {
  const [, name, entry = ''] = /^@biplane\/([^/]+)(\/.*)?$/.exec(target) ?? [];
  if (name === undefined) return null;
  const folder = [`libs/${name}`, `prisma/${name.replace(/^prisma-/, '')}`].find((each) =>
    existsSync(join(root, each, 'package.json')),
  );
  if (folder === undefined) throw new Error(`${target} is no package of ours`);
  const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { '@biplane/source'?: string }>;
  };
  const source = exports[`.${entry}`]?.['@biplane/source'];
  if (source === undefined) throw new Error(`${target} is not exported`);
  return join(root, folder, source);
}
