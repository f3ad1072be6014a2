import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import {
  ClusterError,
  type AccessAnswer,
  type ApplyOutcome,
  type ClusterGateway,
  type ClusterHint,
  type DeleteOptions,
  type DeleteOutcome,
  type DryRunOutcome,
  type ListQuery,
  type Watching,
} from './cluster-gateway.js';
import type { AccessQuestion } from './domain/reconciler-rules.js';
import { ownedKind } from './domain/kinds.js';
import { refOf, refText, type KubernetesObject, type ObjectRef } from './domain/kubernetes-object.js';
import { adoptionRefusal } from './domain/plan.js';
import { yamlText } from './yaml-text.js';

const LOOK_EVERY_MS = 1000;
const nameShape = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * No cluster at all: the objects stand as YAML in a folder, `<namespace>/<kind>-<name>.yaml`, for people to read, to apply by hand
 * or to commit. Who runs them (tools/cluster) leaves how a Deployment fares beside it, as `deployment-<name>.status.json`. A file
 * that was edited or deleted is drift like any other.
 */
export class RecordingCluster implements ClusterGateway {
  constructor(private readonly folder: string) {}

  async apply(object: KubernetesObject): Promise<ApplyOutcome> {
    const ref = refOf(object);
    const existing = await this.get(ref);
    const refusal = existing && adoptionRefusal(object, existing);
    if (refusal) return { kind: 'refused', reason: refusal };
    if (ref.namespace !== undefined && !(await this.hasNamespace(ref.namespace)))
      throw new ClusterError('not_found', `namespaces "${ref.namespace}" not found`, 404);
    if (existing === null || !isDeepStrictEqual(plainOf(existing), plainOf(object))) await this.write(object);
    return { kind: 'applied', object: (await this.get(ref)) ?? object, created: existing === null, conflicts: [] };
  }

  async get(ref: ObjectRef): Promise<KubernetesObject | null> {
    return readObject(this.pathOf(ref));
  }

  async list({ kind, namespace, labels }: ListQuery): Promise<readonly KubernetesObject[]> {
    const { namespaced, onlyName } = ownedKind(kind);
    const folders = namespace === undefined || !namespaced ? await entriesOf(this.folder) : [namespace];
    const found = await Promise.all(
      folders.filter((name) => nameShape.test(name)).map((name) => this.read(name, kind)),
    );
    return found
      .flat()
      .filter(({ metadata }) => (onlyName ?? metadata.name) === metadata.name)
      .filter(({ metadata }) => Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value));
  }

  /** A namespace takes the whole folder with it. */
  async delete(ref: ObjectRef, { uid, resourceVersion }: DeleteOptions = {}): Promise<DeleteOutcome> {
    const existing = await this.get(ref);
    if (existing === null) return 'gone';
    const { metadata } = existing;
    if ((uid ?? metadata.uid) !== metadata.uid) return 'replaced';
    if ((resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion) return 'replaced';
    const path = this.pathOf(ref);
    await rm(ref.kind === 'Namespace' ? join(path, '..') : path, { recursive: true, force: true });
    return 'gone';
  }

  /** Looks every second for files that came, changed or went. */
  watch(query: ListQuery, onHint: (hint: ClusterHint) => void): Watching {
    let seen: ReadonlyMap<string, KubernetesObject> | null = null;
    const look = async (): Promise<void> => {
      const now = new Map((await this.list(query)).map((object) => [refText(refOf(object)), object]));
      const before = seen;
      seen = now;
      if (before === null) return onHint({ ref: null, labels: query.labels });
      for (const [name, object] of new Map([...before, ...now])) {
        if (isDeepStrictEqual(before.get(name), now.get(name))) continue;
        onHint({ ref: refOf(object), labels: object.metadata.labels ?? {} });
      }
    };
    // A look that fails, for example at a folder that is just being removed, is made good by the next one.
    let looking = look().catch(() => undefined);
    const timer = setInterval(() => {
      looking = looking.then(look).catch(() => undefined);
    }, LOOK_EVERY_MS);
    return {
      stop: async () => {
        clearInterval(timer);
        await looking;
      },
    };
  }

  async accessReview(questions: readonly AccessQuestion[]): Promise<readonly AccessAnswer[]> {
    return questions.map((question) => ({ ...question, allowed: true }));
  }

  async serverDryRun({ metadata: { namespace } }: KubernetesObject): Promise<DryRunOutcome> {
    if (namespace === undefined || (await this.hasNamespace(namespace))) return { accepted: true, warnings: [] };
    return { accepted: false, reason: `namespaces "${namespace}" not found` };
  }

  private hasNamespace(name: string): Promise<boolean> {
    return this.get({ apiVersion: 'v1', kind: 'Namespace', name }).then((found) => found !== null);
  }

  private pathOf({ kind, namespace, name }: ObjectRef): string {
    const { namespaced } = ownedKind(kind);
    const folder = namespaced ? namespace : name;
    if (folder === undefined || !nameShape.test(folder) || !nameShape.test(name))
      throw new Error('A name that no cluster would take is no name of a file either');
    return join(this.folder, folder, `${kind.toLowerCase()}-${name}.yaml`);
  }

  private async read(namespace: string, kind: string): Promise<readonly KubernetesObject[]> {
    const prefix = `${kind.toLowerCase()}-`;
    const files = (await entriesOf(join(this.folder, namespace))).filter(
      (file) => file.startsWith(prefix) && file.endsWith('.yaml'),
    );
    const objects = await Promise.all(files.map((file) => readObject(join(this.folder, namespace, file))));
    return objects.filter((object) => object !== null);
  }

  /** Written beside and renamed: nobody ever reads half a file. */
  private async write(object: KubernetesObject): Promise<void> {
    const path = this.pathOf(refOf(object));
    await mkdir(join(path, '..'), { recursive: true });
    const beside = `${path}.${randomUUID()}.tmp`;
    // A Secret is among them.
    await writeFile(beside, yamlText(plainOf(object)), { mode: 0o600 });
    await rename(beside, path);
  }
}

/** Without what reading adds. */
function plainOf({ metadata, status: _status, ...rest }: KubernetesObject): KubernetesObject {
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _created,
    generation: _generation,
    ...own
  } = metadata;
  return { ...rest, metadata: own } as KubernetesObject;
}

/** Null for a file that nobody can read as an object, too: it is written anew. */
async function readObject(path: string): Promise<KubernetesObject | null> {
  try {
    const text = await readFile(path, 'utf8');
    const { ino, birthtime, birthtimeMs } = await stat(path);
    const object = parsed(text);
    if (object === null) return null;
    // The file stands for the object: another file of its name is another object.
    const uid = `${ino}-${birthtimeMs}`;
    const resourceVersion = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const creationTimestamp = birthtime.toISOString();
    const metadata = { ...object.metadata, uid, resourceVersion, creationTimestamp };
    if (object.kind !== 'Deployment') return { ...object, metadata };
    const status = await statusOf(path, resourceVersion);
    return { ...object, metadata: { ...metadata, generation: 1 }, ...(status && { status }) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ClusterError('unavailable', `${path} can not be read: ${(error as Error).message}`);
  }
}

/** What was seen of this very text; nothing yet, and nothing of an older one, counts as not observed. */
async function statusOf(path: string, version: string): Promise<object | null> {
  try {
    const told = JSON.parse(await readFile(path.replace(/\.yaml$/, '.status.json'), 'utf8')) as {
      version?: string;
      status?: object;
    };
    return told.version === version && told.status ? { ...told.status, observedGeneration: 1 } : null;
  } catch {
    return null;
  }
}

function parsed(text: string): KubernetesObject | null {
  try {
    const object = parse(text) as Partial<KubernetesObject> | null;
    return typeof object?.metadata?.name === 'string' ? (object as KubernetesObject) : null;
  } catch {
    return null;
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
