import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every program that writes a part of docs/reference. A file that none of them writes does not belong there. */
export const generators: readonly string[] = [
  'apps/core-api/dist/reference.main.js',
  'apps/tenant-api/dist/reference.main.js',
  'libs/contracts/dist/reference.main.js',
];

/** What the chart carries of elsewhere, since Helm reads no file outside of it. A link would not outlive every way to copy a tree. */
export const copies: Readonly<Record<string, string>> = {
  'charts/biplane/files/alerts.yaml': 'deploy/prometheus/alerts.yaml',
  'charts/biplane/files/dashboard.json': 'deploy/grafana/biplane.json',
};

const envHead = `# Generated from the typed configuration of the services: npm run reference. One block per service; the local stack sets all of it.
`;

/** .env.example: every service's variables, from the files that the generators wrote. */
export function envExample(folder: string): string {
  const blocks = filesOf(folder)
    .filter((file) => /^env\.[^/]+\.example$/.test(file))
    .map(
      (file) =>
        `# ---- ${file.slice('env.'.length, -'.example'.length)} ----\n${readFileSync(join(folder, file), 'utf8').trim()}\n`,
    );
  return [envHead, ...blocks].join('\n');
}

/** Writes docs/reference, .env.example and the copies. What no generator writes any more is deleted. */
export function writeReference(root: string): void {
  const folder = join(root, 'docs/reference');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  generateReference(root, folder);
  writeFileSync(join(root, '.env.example'), envExample(folder));
  for (const [copy, original] of Object.entries(copies)) copyFileSync(join(root, original), join(root, copy));
}

/** Runs every generator into one folder; each must exist and succeed. */
export function generateReference(root: string, folder: string): void {
  for (const generator of generators) {
    if (!existsSync(join(root, generator))) throw new Error(`${generator} does not exist: build first (npx tsc -b)`);
    execFileSync(process.execPath, [join(root, generator), '--out', folder], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

function filesOf(folder: string, prefix = ''): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesOf(join(folder, entry.name), `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    )
    .sort();
}

/** What differs between two folders, one line a file. */
export function differences(committed: string, fresh: string): string[] {
  const before = new Set(filesOf(committed));
  const after = new Set(filesOf(fresh));
  return [...new Set([...before, ...after])].sort().flatMap((file) => {
    if (!after.has(file)) return [`docs/reference/${file} is written by no generator`];
    if (!before.has(file)) return [`docs/reference/${file} is missing`];
    return readFileSync(join(committed, file), 'utf8') === readFileSync(join(fresh, file), 'utf8')
      ? []
      : [`docs/reference/${file} is out of date`];
  });
}

/** The copies that are not what they are of. */
export function staleCopies(root: string): string[] {
  const textOf = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null);
  return Object.entries(copies).flatMap(([copy, original]) =>
    textOf(copy) === textOf(original) ? [] : [`${copy} is not ${original}`],
  );
}

/** Compares docs/reference, .env.example and the copies with what the generators write now. */
export function staleReference(root: string): string[] {
  const fresh = mkdtempSync(join(tmpdir(), 'biplane-reference-'));
  try {
    generateReference(root, fresh);
    const example = join(root, '.env.example');
    const committed = existsSync(example) ? readFileSync(example, 'utf8') : '';
    return [
      ...differences(join(root, 'docs/reference'), fresh),
      ...(committed === envExample(fresh) ? [] : ['.env.example is out of date']),
      ...staleCopies(root),
    ];
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
