import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds nx.json, wherever this runs from (source or dist). */
export function workspaceRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'nx.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('nx.json was not found above tools/checks');
    folder = parent;
  }
  return folder;
}

export interface Project {
  readonly name: string;
  readonly root: string;
  readonly tags: readonly string[];
}

export const projectFolders = ['apps', 'libs', 'prisma', 'tools'];

/** Every project of the workspace, in the order of its folders. */
export function readProjects(root: string): Project[] {
  return projectFolders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((project) => existsSync(join(root, project, 'project.json')))
    .map((project) => {
      const file: unknown = JSON.parse(readFileSync(join(root, project, 'project.json'), 'utf8'));
      const { name, tags } = file as { name?: string; tags?: string[] };
      return { name: name ?? '', root: project, tags: tags ?? [] };
    });
}
