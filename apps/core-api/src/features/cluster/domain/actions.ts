import type { KubernetesObject, ObjectRef } from './kubernetes-object.js';

/** One step from what is observed to what is desired, and why. */
export type Action =
  | { readonly do: 'create'; readonly ref: ObjectRef; readonly object: KubernetesObject; readonly reason: string }
  | {
      readonly do: 'repair';
      readonly ref: ObjectRef;
      readonly object: KubernetesObject;
      /** Paths of our fields that differ. */
      readonly fields: readonly string[];
      /** JSON pointers of what others put into lists and maps that are wholly ours. */
      readonly strangers: readonly string[];
      readonly reason: string;
    }
  /** Somebody else's object has the name: it is never touched. */
  | { readonly do: 'refuse'; readonly ref: ObjectRef; readonly reason: string }
  /** It is being deleted: nothing can be done before it is gone. */
  | { readonly do: 'wait'; readonly ref: ObjectRef; readonly reason: string }
  | { readonly do: 'delete'; readonly ref: ObjectRef; readonly uid: string; readonly reason: string }
  | { readonly do: 'nothing'; readonly ref: ObjectRef; readonly reason: string };

export type WritingAction = Extract<Action, { do: 'create' | 'repair' | 'delete' }>;

/** The actions that write to the cluster. */
export function writesOf(actions: readonly Action[]): readonly WritingAction[] {
  return actions.filter((action): action is WritingAction => ['create', 'repair', 'delete'].includes(action.do));
}
