import { OWNED_KINDS, READ_KINDS, type OwnedKind } from './kinds.js';

/** One verb on one resource, as `SelfSubjectAccessReview` asks. */
export interface AccessQuestion {
  readonly group: string;
  /** As rules spell it: `pods`, `pods/exec`. */
  readonly resource: string;
  readonly verb: string;
  /** Of one object; of all of them when it is left out. */
  readonly name?: string;
}

/** One rule of a ClusterRole. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Objects of these names alone, in any namespace. */
  readonly resourceNames?: readonly string[];
}

const groupOf = ({ apiVersion }: OwnedKind): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

const hasName = (kind: OwnedKind): kind is OwnedKind & { onlyName: string } => kind.onlyName !== undefined;

/** `patch` applies, also what does not exist yet; `create` is what the API server asks for on top of it then. */
const WRITTEN = ['create', 'delete', 'get', 'list', 'patch', 'watch'];
const READ = ['get', 'list', 'watch'];

function rulesOf(kinds: readonly OwnedKind[], verbs: readonly string[]): AccessRule[] {
  const [named, others] = [kinds.filter(hasName), kinds.filter((kind) => !hasName(kind))];
  const groups = [...new Set(others.map(groupOf))].sort();
  return [
    ...groups.map((group) => ({
      apiGroups: [group],
      resources: others
        .filter((kind) => groupOf(kind) === group)
        .map(({ plural }) => plural)
        .sort(),
      verbs,
    })),
    ...named.map((kind) => ({
      apiGroups: [groupOf(kind)],
      resources: [kind.plural],
      verbs,
      resourceNames: [kind.onlyName],
    })),
  ];
}

/** All that the reconciler may do, and needs: the chart's ClusterRole is exactly this. */
export const reconcilerRules: readonly AccessRule[] = [...rulesOf(OWNED_KINDS, WRITTEN), ...rulesOf(READ_KINDS, READ)];

/** The rules taken apart, for `ClusterGateway.accessReview`. */
export const reconcilerAccess: readonly AccessQuestion[] = reconcilerRules.flatMap(
  ({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => ({ group, resource, verb, ...(name !== undefined && { name }) })),
        ),
      ),
    ),
);
