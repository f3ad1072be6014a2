import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the checks look at: the files that are in git or would be, so that build output never counts. */
export interface Tree {
  readonly paths: readonly string[];
  read(path: string): string;
}

/** One finding. A note is shown and fails nothing. */
export interface Finding {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
  readonly note?: boolean;
}

export interface Check {
  readonly name: string;
  run(tree: Tree): Finding[];
}

export function gitTree(root: string): Tree {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const paths = [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && (statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false))
    .sort();
  const cache = new Map<string, string>();
  return {
    paths,
    read(path) {
      const text = cache.get(path) ?? readFileSync(join(root, path), 'utf8');
      cache.set(path, text);
      return text;
    },
  };
}

/** A tree in memory: the specs plant their violations in it. */
export function memoryTree(files: Record<string, string>): Tree {
  return { paths: Object.keys(files).sort(), read: (path) => files[path] ?? '' };
}

const binary = /\.(png|jpg|pdf|ttf|otf|woff2?|ico|gz|jar)$/;

/** Each line that a pattern hits, in the text files whose path is accepted. */
export function findLines(
  tree: Tree,
  accepts: (path: string) => boolean,
  pattern: RegExp,
  message: (found: string) => string,
): Finding[] {
  const findings: Finding[] = [];
  for (const path of tree.paths.filter((each) => !binary.test(each) && accepts(each))) {
    tree
      .read(path)
      .split('\n')
      .forEach((text, index) => {
        const found = pattern.exec(text)?.[0];
        if (found !== undefined) findings.push({ path, line: index + 1, message: message(found.trim()) });
      });
  }
  return findings;
}

export const isSpec = (path: string): boolean => /\.(int-|e2e-)?spec\.ts$/.test(path);
