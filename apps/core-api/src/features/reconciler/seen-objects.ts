import {
  readAnnotations,
  refOf,
  refText,
  type Action,
  type KubernetesObject,
  type WritingAction,
} from '../cluster/index.js';
import type { SeenAnnotations, SeenObject } from '../homes/index.js';

/** What came of the actions of a look: what the cluster returned, and why it did not. By `refText`. */
export interface Outcomes {
  readonly returned: ReadonlyMap<string, KubernetesObject>;
  readonly refused: ReadonlyMap<string, string>;
  readonly deleted: ReadonlySet<string>;
}

/** What a home has once the actions were carried out as far as they were. */
export function seenObjects(
  actions: readonly Action[],
  observed: readonly KubernetesObject[],
  { returned, refused, deleted }: Outcomes,
): SeenObject[] {
  const before = byText(observed);
  return actions.flatMap((action): SeenObject[] => {
    const { kind, name, namespace = null } = action.ref;
    const key = refText(action.ref);
    if (deleted.has(key)) return [];
    const object = returned.get(key) ?? before.get(key);
    const generation = object?.metadata.generation ?? null;
    const as = { kind, name, namespace, generation };
    if (action.do === 'refuse') return [{ ...as, state: 'foreign', reason: action.reason }];
    if (action.do === 'wait') return [{ ...as, state: 'terminating', reason: action.reason }];
    if (object) return [{ ...as, state: 'present', reason: null }];
    return [{ ...as, state: 'missing', reason: refused.get(key) ?? 'was not come to' }];
  });
}

/** What the annotations of its namespace say once the actions were carried out as far as they were. */
export function seenAnnotations(
  actions: readonly Action[],
  observed: readonly KubernetesObject[],
  { returned }: Pick<Outcomes, 'returned'>,
): SeenAnnotations {
  const action = actions.find(({ ref }) => ref.kind === 'Namespace');
  const key = action && refText(action.ref);
  const namespace = key && (returned.get(key) ?? byText(observed).get(key));
  if (!action || !namespace) return { modules: [], suspendedAt: null, flaw: 'there is no namespace' };
  // Another's may say anything.
  if (action.do === 'refuse') return { modules: [], suspendedAt: null, flaw: `its namespace ${action.reason}` };
  return readAnnotations(namespace);
}

export function byText(objects: readonly KubernetesObject[]): Map<string, KubernetesObject> {
  return new Map(objects.map((object) => [refText(refOf(object)), object]));
}

/** What was deleted and answered for: it is not there any more, or about to be so. */
export function deletedBy(done: readonly { readonly action: WritingAction }[]): Set<string> {
  return new Set(done.filter(({ action }) => action.do === 'delete').map(({ action }) => refText(action.ref)));
}
