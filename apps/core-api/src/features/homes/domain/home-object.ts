/**
 * `missing` shall be there and is not; `foreign` has a name of ours and is another's. Nothing is told of what is neither there nor
 * wanted.
 */
export const OBJECT_STATES = ['present', 'missing', 'terminating', 'foreign'] as const;
export type ObjectState = (typeof OBJECT_STATES)[number];

/** An object of the cluster as a look saw it. */
export interface SeenObject {
  readonly kind: string;
  readonly name: string;
  /** Null of a namespace. */
  readonly namespace: string | null;
  readonly state: ObjectState;
  /** Null when it is there; never a value of a field, which might be a secret's. */
  readonly reason: string | null;
  /** Null of kinds that do not count. */
  readonly generation: number | null;
}

export interface HomeObject extends SeenObject {
  /** When it was first seen as it is. */
  readonly since: Date;
}

const keyOf = ({ kind, name }: SeenObject): string => `${kind}/${name}`;
const saidOf = ({ state, reason, generation }: SeenObject): string => JSON.stringify([state, reason, generation]);

/** What a look has to write: nothing when all is as it was. */
export function objectChanges(
  known: readonly HomeObject[],
  seen: readonly SeenObject[],
  now: Date,
): { readonly changed: readonly HomeObject[]; readonly over: readonly HomeObject[] } {
  const before = new Map(known.map((object) => [keyOf(object), saidOf(object)]));
  const present = new Set(seen.map(keyOf));
  return {
    changed: seen
      .filter((object) => before.get(keyOf(object)) !== saidOf(object))
      .map((object) => ({ ...object, since: now })),
    over: known.filter((object) => !present.has(keyOf(object))),
  };
}
