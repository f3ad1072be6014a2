import type { Action } from './actions.js';
import { differences } from './differences.js';
import { refOf, refText, type KubernetesObject } from './kubernetes-object.js';
import { deploymentOf, LABELS } from './labels.js';

/**
 * The steps from what is observed to what is desired. `observed`: everything of the names that are desired, and everything with
 * the home's label. `desired` is empty when the home is to be gone: the namespace takes the rest with it, so that workload and
 * route go first and all else is left to it.
 */
export function plan(
  observed: readonly KubernetesObject[],
  desired: readonly KubernetesObject[],
  owner: { readonly deploymentId: string; readonly homeId: string },
): readonly Action[] {
  const found = new Map(observed.map((object) => [refText(refOf(object)), object]));
  const wanted = new Set(desired.map((object) => refText(refOf(object))));
  return [
    ...desired.map((object) => planOne(object, found.get(refText(refOf(object))))),
    ...observed.filter((object) => !wanted.has(refText(refOf(object)))).flatMap((object) => planRemoval(object, owner)),
  ].sort(removalsLast);
}

function planOne(desired: KubernetesObject, observed: KubernetesObject | undefined): Action {
  const ref = refOf(desired);
  if (observed === undefined) return { do: 'create', ref, object: desired, reason: 'does not exist' };
  const refusal = adoptionRefusal(desired, observed);
  if (refusal !== null) return { do: 'refuse', ref, reason: refusal };
  if (observed.metadata.deletionTimestamp !== undefined) return { do: 'wait', ref, reason: waitReason(observed) };
  const { fields, strangers } = differences(desired, observed);
  if (fields.length === 0 && strangers.length === 0) return { do: 'nothing', ref, reason: 'is as desired' };
  return {
    do: 'repair',
    ref,
    object: desired,
    fields,
    strangers,
    reason: repairReason(fields, strangers),
  };
}

const SHOWN_MAX = 5;
const listed = (paths: readonly string[]): string =>
  paths.length <= SHOWN_MAX
    ? paths.join(', ')
    : `${paths.slice(0, SHOWN_MAX).join(', ')} and ${paths.length - SHOWN_MAX} more`;

function repairReason(fields: readonly string[], strangers: readonly string[]): string {
  const parts = [
    ...(fields.length > 0 ? [`differs in ${listed(fields)}`] : []),
    ...(strangers.length > 0 ? [`has what is not ours at ${listed(strangers)}`] : []),
  ];
  return parts.join('; ');
}

function waitReason({ metadata: { finalizers = [] } }: KubernetesObject): string {
  return finalizers.length === 0 ? 'is being deleted' : `is being deleted and held by ${finalizers.join(', ')}`;
}

/** Null, or why an object that exists is not ours to touch: only the deployment's own label makes it so. */
export function adoptionRefusal(desired: KubernetesObject, observed: KubernetesObject): string | null {
  const ours = deploymentOf(desired);
  const theirs = deploymentOf(observed);
  if (theirs === null) return 'exists and is not managed by Biplane';
  if (theirs !== ours) return `exists and belongs to deployment ${theirs}`;
  const platform = observed.metadata.labels?.[LABELS.platform];
  if (platform !== desired.metadata.labels?.[LABELS.platform])
    return `exists and belongs to platform ${platform ?? 'unknown'}`;
  return null;
}

function planRemoval(object: KubernetesObject, owner: { deploymentId: string; homeId: string }): readonly Action[] {
  const ref = refOf(object);
  // What is not marked as ours was not asked for and is nobody's business here.
  if (deploymentOf(object) === null) return [];
  if (deploymentOf(object) !== owner.deploymentId || object.metadata.labels?.[LABELS.home] !== owner.homeId)
    return [{ do: 'refuse', ref, reason: 'belongs to another home' }];
  if (object.metadata.deletionTimestamp !== undefined) return [{ do: 'wait', ref, reason: waitReason(object) }];
  const { uid } = object.metadata;
  if (uid === undefined) return [{ do: 'wait', ref, reason: 'has no uid to be deleted by' }];
  return [{ do: 'delete', ref, uid, reason: 'is no longer desired' }];
}

/** Traffic ends first, then the workload, then what it needed, and the namespace last of all. */
const REMOVAL_ORDER = ['Ingress', 'HTTPRoute', 'Deployment'];
const removalRank = ({ kind }: { kind: string }): number => {
  if (kind === 'Namespace') return REMOVAL_ORDER.length + 1;
  const rank = REMOVAL_ORDER.indexOf(kind);
  return rank < 0 ? REMOVAL_ORDER.length : rank;
};

function removalsLast(left: Action, right: Action): number {
  if (left.do !== 'delete' || right.do !== 'delete')
    return Number(left.do === 'delete') - Number(right.do === 'delete');
  return removalRank(left.ref) - removalRank(right.ref);
}
