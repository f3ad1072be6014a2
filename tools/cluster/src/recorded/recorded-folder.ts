import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { V1ConfigMap, V1Deployment, V1Secret } from '@kubernetes/client-node';
import { parse } from 'yaml';

export interface RecordedDeployment {
  readonly object: V1Deployment;
  readonly version: string;
}

/** What the reconciler recorded, one YAML file an object under `<folder>/<namespace>/`. */
export interface RecordedObjects {
  readonly deployments: readonly RecordedDeployment[];
  configMap(namespace: string, name: string): V1ConfigMap | null;
  secret(namespace: string, name: string): V1Secret | null;
}

interface AnyObject {
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

interface ReadObject {
  readonly object: AnyObject;
  /** Of its text, as the reconciler knows it. */
  readonly version: string;
}

/** Reads a folder again only when something in it has changed. */
export class RecordedFolder {
  private seen: string | undefined;
  private objects: RecordedObjects = recorded([]);

  constructor(private readonly folder: string) {}

  async read(): Promise<{ objects: RecordedObjects; hasChanged: boolean }> {
    const files = await yamlFiles(this.folder);
    const versions = await Promise.all(files.map(versionOf));
    const now = versions.join('\n');
    if (now === this.seen) return { objects: this.objects, hasChanged: false };
    const parsed = await Promise.all(files.map(readObject));
    this.objects = recorded(parsed.flatMap((object) => (object ? [object] : [])));
    this.seen = now;
    return { objects: this.objects, hasChanged: true };
  }
}

function recorded(all: readonly ReadObject[]): RecordedObjects {
  const find = (kind: string, namespace: string, name: string) =>
    all.find(
      ({ object: { kind: own, metadata } }) =>
        own === kind && metadata?.namespace === namespace && metadata.name === name,
    )?.object ?? null;
  return {
    deployments: all.filter(({ object }) => object.kind === 'Deployment') as RecordedDeployment[],
    configMap: (namespace, name) => find('ConfigMap', namespace, name) as V1ConfigMap | null,
    secret: (namespace, name) => find('Secret', namespace, name) as V1Secret | null,
  };
}

async function yamlFiles(folder: string): Promise<string[]> {
  const namespaces = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const lists = await Promise.all(
    namespaces
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const files = await readdir(path.join(folder, name)).catch(() => []);
        return files.filter((file) => /\.ya?ml$/.test(file)).map((file) => path.join(folder, name, file));
      }),
  );
  return lists.flat().sort();
}

async function versionOf(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }));
  return `${file} ${mtimeMs} ${size} ${ino}`;
}

/** Null for a file that is being written or was removed meanwhile: its next version is read. */
async function readObject(file: string): Promise<ReadObject | null> {
  try {
    const text = await readFile(file, 'utf8');
    const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const object = parse(text) as AnyObject | null;
    return object ? { object, version } : null;
  } catch {
    return null;
  }
}
