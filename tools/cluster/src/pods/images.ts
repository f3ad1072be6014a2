import path from 'node:path';
import type { V1Container } from '@kubernetes/client-node';

/** What an image of ours is on this machine: a folder of the built tree, and what it starts unless a pod says otherwise. */
export interface LocalImage {
  /** Relative to the repository's root; file names that a container gives are looked for from here, too. */
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** The image's own variables, beneath those of a pod. */
  readonly environment?: Readonly<Record<string, string>>;
}
export type ImageMap = Readonly<Record<string, LocalImage>>;

const service = (app: string, ports: Readonly<Record<string, string>>): LocalImage => ({
  folder: `apps/${app}`,
  entrypoint: ['node', '--enable-source-maps'],
  command: ['dist/main.js'],
  environment: { NODE_ENV: 'production', ...ports },
});

/** The images that the node agent knows. It pulls nothing. */
export const ourImages: ImageMap = {
  'biplane/core-api': service('core-api', { HTTP_PORT: '8080' }),
  'biplane/tenant-api': service('tenant-api', { HTTP_PORT: '8080', INTERNAL_PORT: '8081' }),
};

/** `registry.example:5000/biplane/core-api:1.2@sha256:…` → `registry.example:5000/biplane/core-api`. */
export function repositoryOf(image: string): string {
  const [named = ''] = image.split('@');
  const tag = named.lastIndexOf(':');
  return tag > named.lastIndexOf('/') ? named.slice(0, tag) : named;
}

export function imageOf(image: string, images: ImageMap): LocalImage | null {
  const repository = repositoryOf(image);
  const known = Object.keys(images).find((name) => repository === name || repository.endsWith(`/${name}`));
  return (known === undefined ? undefined : images[known]) ?? null;
}

/**
 * The process of a container. `command` replaces the image's entry point and `args` its command, as Kubernetes has it;
 * an interpreter is this Node.js, whatever its path in the image, and a script is found in the built tree whether it is
 * named as in the image (`/app/apps/…`), from the service's folder, or by its name alone (`migrate.main`).
 */
export function processOf(
  container: Pick<V1Container, 'command' | 'args'>,
  image: LocalImage,
  root: string,
  isThere: (file: string) => boolean,
): string[] {
  const own = container.command?.length ? container.command : null;
  const rest = container.args?.length ? container.args : own ? [] : image.command;
  const words = [...(own ?? image.entrypoint), ...rest];
  const found = words.map((word) => scriptOf(word, image, root, isThere) ?? word);
  const [first = ''] = found;
  if (path.basename(first) === 'node') return [process.execPath, ...found.slice(1)];
  return /\.[cm]?js$/.test(first) ? [process.execPath, ...found] : found;
}

function scriptOf(
  word: string,
  image: LocalImage,
  root: string,
  isThere: (file: string) => boolean,
): string | undefined {
  if (!/^[\w@./-]+$/.test(word) || word.startsWith('-')) return undefined;
  const name = /\.[cm]?js$/.test(word) ? word : /\.main$|^main$/.test(word) ? `${word}.js` : null;
  if (name === null) return undefined;
  const inTree = name.replace(/^\/(app\/)?/, '');
  const candidates = [
    ...(path.isAbsolute(name) ? [name] : []),
    path.join(root, inTree),
    path.join(root, image.folder, inTree),
    path.join(root, image.folder, 'dist', inTree),
  ];
  return candidates.find(isThere);
}
