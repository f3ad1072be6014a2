import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readProjects } from '../workspace.js';

const rootFiles = [
  ...['package.json', 'package-lock.json', 'nx.json', 'tsconfig.base.json', 'tsconfig.json', '.gitignore'],
  ...['eslint.config.mjs', '.dependency-cruiser.mjs'],
];
const projectFiles = ['package.json', 'project.json', 'tsconfig.json', 'tsconfig.spec.json'];

export interface Skeleton {
  readonly root: string;
  write(path: string, text: string): void;
  remove(): void;
}

/**
 * A throw-away workspace with the real configuration, tags and packages but empty sources: what is planted in it
 * is judged by the real gates, quickly, and the working tree is never touched.
 */
export function makeSkeleton(workspace: string): Skeleton {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'biplane-boundaries-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const copy = (path: string): void => {
    if (!existsSync(join(workspace, path))) return;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(workspace, path), join(root, path), { recursive: true });
  };

  for (const file of [...rootFiles, 'tools/checks/eslint']) copy(file);
  mkdirSync(join(root, 'node_modules/@biplane'), { recursive: true });
  for (const project of readProjects(workspace)) {
    for (const file of projectFiles) copy(`${project.root}/${file}`);
    write(`${project.root}/src/index.ts`, `export const project = '${project.name}';\n`);
    symlinkSync(join(root, project.root), join(root, 'node_modules/@biplane', project.name));
  }
  for (const entry of readdirSync(join(workspace, 'node_modules'))) {
    if (entry === '@biplane' || entry === '.cache') continue;
    symlinkSync(join(workspace, 'node_modules', entry), join(root, 'node_modules', entry));
  }
  return { root, write, remove: () => rmSync(root, { recursive: true, force: true }) };
}
