import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  FIELD_MANAGER,
  refOf,
  refText,
  type FieldConflict,
  type KubernetesObject,
  type ObjectRef,
} from '../../features/cluster/index.js';
import { deleteLeaf, leavesOf, managedFieldsOf, setLeaf, shownLeaf } from './field-ownership.js';

type Members = Record<string, unknown>;
export type Draft = Members & { metadata: Members & { name: string } };

export interface Stored {
  object: KubernetesObject;
  /** Leaves by manager; the reconciler's are of its applies, everybody else's of updates. */
  readonly owners: Map<string, Set<string>>;
}

/** Objects with their versions and with who owns which of their fields. */
export class ObjectStore {
  private readonly stored = new Map<string, Stored>();
  private version = 100;

  /** `onChange` hears of every object that was written or removed. */
  constructor(
    private readonly onChange: (object: KubernetesObject) => void,
    private readonly clock: () => Date,
  ) {}

  get(ref: ObjectRef): Stored | undefined {
    return this.stored.get(refText(ref));
  }

  all(): readonly Stored[] {
    return [...this.stored.values()];
  }

  create({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): Stored {
    const metadata = {
      name,
      ...(namespace !== undefined && { namespace }),
      uid: randomUUID(),
      creationTimestamp: this.now(),
      generation: 1,
    };
    const stored: Stored = { object: { apiVersion, kind, metadata }, owners: new Map() };
    this.stored.set(refText({ apiVersion, kind, name, ...(namespace !== undefined && { namespace }) }), stored);
    this.save(stored, stored.object);
    return stored;
  }

  /** Server-side apply with force; gives back whose values were overruled. */
  merge(stored: Stored, object: KubernetesObject): readonly FieldConflict[] {
    const wanted = leavesOf(object);
    const present = leavesOf(stored.object);
    const own = stored.owners.get(FIELD_MANAGER) ?? new Set<string>();
    const conflicts: FieldConflict[] = [];
    for (const [manager, leaves] of stored.owners) {
      if (manager === FIELD_MANAGER) continue;
      const lost = [...leaves].filter(
        (leaf) => wanted.has(leaf) && !isDeepStrictEqual(wanted.get(leaf), present.get(leaf)),
      );
      for (const leaf of lost) leaves.delete(leaf);
      if (lost.length > 0) conflicts.push({ manager, fields: lost.map(shownLeaf) });
    }
    const draft = structuredClone(stored.object) as unknown as Draft;
    for (const leaf of own) {
      const isShared = [...stored.owners].some(([manager, leaves]) => manager !== FIELD_MANAGER && leaves.has(leaf));
      if (!wanted.has(leaf) && !isShared) deleteLeaf(draft, leaf);
    }
    for (const [leaf, value] of wanted) setLeaf(draft, leaf, value);
    stored.owners.set(FIELD_MANAGER, new Set(wanted.keys()));
    this.save(stored, draft as unknown as KubernetesObject);
    return conflicts;
  }

  change(stored: Stored, manager: string, change: (draft: Draft) => void): void {
    const draft = structuredClone(stored.object) as unknown as Draft;
    change(draft);
    const before = leavesOf(stored.object);
    const after = leavesOf(draft as unknown as KubernetesObject);
    const touched = [...after].filter(([leaf, value]) => !isDeepStrictEqual(before.get(leaf), value));
    const gone = [...before.keys()].filter((leaf) => !after.has(leaf));
    for (const leaves of stored.owners.values()) {
      for (const leaf of [...touched.map(([name]) => name), ...gone]) leaves.delete(leaf);
    }
    if (manager !== FIELD_MANAGER) {
      const own = stored.owners.get(manager) ?? new Set<string>();
      for (const [leaf] of touched) own.add(leaf);
      stored.owners.set(manager, own);
    }
    this.save(stored, draft as unknown as KubernetesObject);
  }

  /** A write that changes nothing makes no version; one of the specification makes a generation. */
  save(stored: Stored, next: KubernetesObject): void {
    const { metadata } = stored.object;
    if (metadata.resourceVersion !== undefined && isDeepStrictEqual(next, stored.object)) return;
    const isNewSpec = !isDeepStrictEqual(next['spec'], stored.object['spec']) && metadata.resourceVersion !== undefined;
    this.version += 1;
    stored.object = {
      ...next,
      metadata: {
        ...next.metadata,
        generation: (metadata.generation ?? 1) + (isNewSpec ? 1 : 0),
        resourceVersion: String(this.version),
      },
    };
    this.onChange(stored.object);
  }

  mark(stored: Stored): void {
    const { object } = stored;
    this.save(stored, { ...object, metadata: { ...object.metadata, deletionTimestamp: this.now() } });
  }

  drop(stored: Stored): void {
    this.stored.delete(refText(refOf(stored.object)));
    this.onChange(stored.object);
  }

  shown({ object, owners }: Stored): KubernetesObject {
    const managedFields = [...owners]
      .filter(([, leaves]) => leaves.size > 0)
      .map(([name, leaves]) => managedFieldsOf(name, name === FIELD_MANAGER ? 'Apply' : 'Update', leaves));
    return structuredClone({ ...object, metadata: { ...object.metadata, managedFields } });
  }

  private now(): string {
    return this.clock()
      .toISOString()
      .replace(/\.[0-9]{3}Z$/, 'Z');
  }
}
