import { reconcilerRules, type AccessRule } from '../../features/cluster/index.js';

/** The reconciler's rules but for the right to patch one resource. */
export function withoutPatchOf(resource: string): readonly AccessRule[] {
  const isIt = (name: string) => name === resource;
  const split = reconcilerRules.flatMap(({ verbs, resources, ...rule }) => [
    { ...rule, verbs, resources: resources.filter((name) => !isIt(name)) },
    { ...rule, verbs: verbs.filter((verb) => verb !== 'patch'), resources: resources.filter(isIt) },
  ]);
  return split.filter(({ resources }) => resources.length > 0);
}
