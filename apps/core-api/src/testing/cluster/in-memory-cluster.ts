import { isDeepStrictEqual } from 'node:util';
import {
  adoptionRefusal,
  ClusterError,
  differences,
  FIELD_MANAGER,
  OWNED_KINDS,
  READ_KINDS,
  reconcilerAccess,
  refOf,
  refText,
  type AccessAnswer,
  type AccessQuestion,
  type ApplyOutcome,
  type ClusterGateway,
  type ClusterHint,
  type DeleteOptions,
  type DeleteOutcome,
  type DryRunOutcome,
  type KubernetesObject,
  type ListQuery,
  type ObjectRef,
  type Watching,
} from '../../features/cluster/index.js';
import { deletePointer } from './field-ownership.js';
import { ObjectStore, type Draft } from './object-store.js';

interface Watcher {
  readonly query: ListQuery;
  readonly onHint: (hint: ClusterHint) => void;
}

type Method = 'apply' | 'get' | 'list' | 'delete' | 'accessReview' | 'serverDryRun';

export interface InMemoryOptions {
  /** Deployments become available as soon as they are applied. */
  readonly rollsOut?: boolean;
  readonly now?: () => Date;
}

/**
 * A cluster for tests: it keeps objects with their owners and versions, terminates namespaces with what is in them, and tells
 * watchers. Beside the port stand the hands of everybody else: people who edit and delete, controllers, and an API server that fails.
 */
export class InMemoryCluster implements ClusterGateway {
  private readonly store: ObjectStore;
  private readonly watchers = new Set<Watcher>();
  private readonly faults: { method: Method; error: ClusterError; ref?: string }[] = [];
  private readonly forbidden = new Set<string>();
  /** Every call that writes, for tests that count them. */
  readonly writes: string[] = [];

  constructor(private readonly options: InMemoryOptions = {}) {
    this.store = new ObjectStore((object) => this.tell(object), options.now ?? (() => new Date(0)));
  }

  async apply(object: KubernetesObject): Promise<ApplyOutcome> {
    this.enter('apply', 'patch', object);
    const existing = this.store.get(refOf(object));
    const refusal = existing && adoptionRefusal(object, existing.object);
    if (refusal) return { kind: 'refused', reason: refusal };
    this.checkNamespace(object);
    this.writes.push(`apply ${refText(refOf(object))}`);
    const strangers = existing === undefined ? [] : differences(object, this.store.shown(existing)).strangers;
    if (existing && strangers.length > 0) {
      this.store.change(existing, FIELD_MANAGER, (draft) => {
        for (const pointer of strangers) deletePointer(draft, pointer);
      });
    }
    const stored = existing ?? this.store.create(object);
    const conflicts = this.store.merge(stored, object);
    if (this.options.rollsOut === true && object.kind === 'Deployment') this.rollOut(refOf(object));
    return { kind: 'applied', object: this.store.shown(stored), created: existing === undefined, conflicts };
  }

  async get(ref: ObjectRef): Promise<KubernetesObject | null> {
    this.enter('get', 'get', ref);
    const stored = this.store.get(ref);
    return stored ? this.store.shown(stored) : null;
  }

  async list(query: ListQuery): Promise<readonly KubernetesObject[]> {
    this.enter('list', 'list', { kind: query.kind });
    return this.store
      .all()
      .filter(({ object }) => selects(query, object))
      .map((stored) => this.store.shown(stored));
  }

  async delete(ref: ObjectRef, { uid, resourceVersion }: DeleteOptions = {}): Promise<DeleteOutcome> {
    this.enter('delete', 'delete', ref);
    const stored = this.store.get(ref);
    if (stored === undefined) return 'gone';
    const { metadata } = stored.object;
    if ((uid ?? metadata.uid) !== metadata.uid) return 'replaced';
    if ((resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion) return 'replaced';
    this.writes.push(`delete ${refText(ref)}`);
    this.remove(ref);
    return this.store.get(ref) !== undefined ? 'deleting' : 'gone';
  }

  watch(query: ListQuery, onHint: (hint: ClusterHint) => void): Watching {
    const watcher = { query, onHint };
    this.watchers.add(watcher);
    setImmediate(() => this.watchers.has(watcher) && onHint({ ref: null, labels: query.labels }));
    return {
      stop: async () => {
        this.watchers.delete(watcher);
      },
    };
  }

  async accessReview(questions: readonly AccessQuestion[]): Promise<readonly AccessAnswer[]> {
    this.enter('accessReview', 'create', { kind: 'SelfSubjectAccessReview' });
    const granted = new Set(reconcilerAccess.map(accessText));
    return questions.map((question) => ({
      ...question,
      allowed: granted.has(accessText(question)) && !this.forbidden.has(`${question.verb} ${question.resource}`),
    }));
  }

  async serverDryRun(object: KubernetesObject): Promise<DryRunOutcome> {
    this.enter('serverDryRun', 'patch', object);
    try {
      this.checkNamespace(object);
    } catch (error) {
      return { accepted: false, reason: (error as Error).message };
    }
    return { accepted: true, warnings: [] };
  }

  // What others do.

  /** Somebody else changes an object, as an update by `manager`. */
  edit(ref: ObjectRef, change: (draft: Draft) => void, manager = 'kubectl-edit'): KubernetesObject {
    const stored = this.store.get(ref);
    if (stored === undefined) throw new Error(`${refText(ref)} does not exist`);
    this.store.change(stored, manager, change);
    return this.store.shown(stored);
  }

  /** Somebody else makes an object. */
  plant(object: KubernetesObject, manager = 'kubectl-create'): KubernetesObject {
    const stored = this.store.create({ ...object, metadata: { ...object.metadata, labels: {}, annotations: {} } });
    this.store.change(stored, manager, (draft) =>
      Object.assign(draft, structuredClone(object), { metadata: draft.metadata }),
    );
    this.store.change(stored, manager, (draft) => {
      const { labels, annotations, finalizers } = object.metadata;
      Object.assign(draft.metadata, structuredClone({ labels, annotations, ...(finalizers && { finalizers }) }));
    });
    return this.store.shown(stored);
  }

  /** Somebody else deletes an object: a namespace takes all that is in it along. */
  remove(ref: ObjectRef): void {
    const stored = this.store.get(ref);
    if (stored === undefined) return;
    const { finalizers = [], deletionTimestamp } = stored.object.metadata;
    const isNamespace = ref.kind === 'Namespace';
    if (finalizers.length === 0 && !isNamespace) {
      this.store.drop(stored);
      return;
    }
    if (deletionTimestamp === undefined) this.store.mark(stored);
    if (!isNamespace) return;
    for (const inner of this.store.all().filter(({ object }) => object.metadata.namespace === ref.name)) {
      this.remove(refOf(inner.object));
    }
    setImmediate(() => this.finishNamespace(ref));
  }

  /** Controllers and people that hold an object while it is being deleted. */
  setFinalizers(ref: ObjectRef, finalizers: readonly string[]): void {
    const stored = this.store.get(ref);
    if (stored === undefined) return;
    const { metadata } = stored.object;
    this.store.save(stored, { ...stored.object, metadata: { ...metadata, finalizers } });
    if (metadata.deletionTimestamp === undefined || finalizers.length > 0) return;
    if (ref.kind === 'Namespace') this.finishNamespace(ref);
    else this.store.drop(stored);
    const { namespace } = metadata;
    if (namespace !== undefined) this.finishNamespace({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  }

  setStatus(ref: ObjectRef, status: unknown): void {
    const stored = this.store.get(ref);
    if (stored !== undefined) this.store.save(stored, { ...stored.object, status: structuredClone(status) });
  }

  /** The deployment controller brings up all replicas. */
  rollOut(ref: ObjectRef): void {
    const stored = this.store.get(ref);
    if (stored === undefined) return;
    const { replicas = 1 } = (stored.object['spec'] ?? {}) as { replicas?: number };
    const status = {
      observedGeneration: stored.object.metadata.generation,
      ...(replicas > 0 && {
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      }),
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Available' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: 'Rolled out' },
      ],
    };
    if (!isDeepStrictEqual(stored.object['status'], status)) this.setStatus(ref, status);
  }

  /** The next call of the method fails; of just that object when it is named. */
  failNext(method: Method, error: ClusterError, ref?: ObjectRef): void {
    this.faults.push({ method, error, ...(ref && { ref: refText(ref) }) });
  }

  /** Takes a verb of a kind away from the reconciler's role. */
  forbid(verb: string, kind: string): void {
    this.forbidden.add(`${verb} ${pluralOf(kind)}`);
  }

  permit(verb: string, kind: string): void {
    this.forbidden.delete(`${verb} ${pluralOf(kind)}`);
  }

  /** All connections of watches break, and start over. */
  dropWatches(): void {
    for (const { query, onHint } of this.watchers) onHint({ ref: null, labels: query.labels });
  }

  objects(): readonly KubernetesObject[] {
    return this.store.all().map((stored) => this.store.shown(stored));
  }

  private enter(method: Method, verb: string, target: { kind: string } & Partial<ObjectRef>): void {
    const text =
      'metadata' in target ? refText(refOf(target as unknown as KubernetesObject)) : refText(target as ObjectRef);
    const index = this.faults.findIndex(
      (fault) => fault.method === method && (fault.ref === undefined || fault.ref === text),
    );
    if (index >= 0) throw this.faults.splice(index, 1)[0]!.error;
    if (this.forbidden.has(`${verb} ${pluralOf(target.kind)}`))
      throw new ClusterError('forbidden', `${pluralOf(target.kind)} is forbidden: can not ${verb}`, 403);
  }

  private checkNamespace({ metadata: { namespace } }: KubernetesObject): void {
    if (namespace === undefined) return;
    const found = this.store.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })?.object.metadata;
    if (found === undefined) throw new ClusterError('not_found', `namespaces "${namespace}" not found`, 404);
    if (found.deletionTimestamp !== undefined)
      throw new ClusterError('forbidden', `namespace ${namespace} is being terminated`, 403);
  }

  private finishNamespace(ref: ObjectRef): void {
    const stored = this.store.get(ref);
    if (stored === undefined || stored.object.metadata.deletionTimestamp === undefined) return;
    const isUsed = this.store.all().some(({ object }) => object.metadata.namespace === ref.name);
    if (!isUsed && (stored.object.metadata.finalizers ?? []).length === 0) this.store.drop(stored);
  }

  private tell(object: KubernetesObject): void {
    for (const { query, onHint } of this.watchers) {
      if (!selects(query, object)) continue;
      const hint = { ref: refOf(object), labels: object.metadata.labels ?? {} };
      setImmediate(() => onHint(hint));
    }
  }
}

const accessText = ({ group, resource, verb, name = '' }: AccessQuestion): string =>
  `${verb} ${group}/${resource} ${name}`;
const knownKind = (kind: string) => [...OWNED_KINDS, ...READ_KINDS].find((known) => known.kind === kind);
const pluralOf = (kind: string): string => knownKind(kind)?.plural ?? kind;
const onlyNameOf = (kind: string): string | undefined => knownKind(kind)?.onlyName;

function selects({ kind, namespace, labels }: ListQuery, object: KubernetesObject): boolean {
  return (
    object.kind === kind &&
    (onlyNameOf(kind) ?? object.metadata.name) === object.metadata.name &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value)
  );
}
