import { NAMES } from './names.js';

/** A kind of object that a dedicated home is made of. */
export interface OwnedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Its name in URLs and in access rules. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** The only ones that are ever asked for have this name; everybody else's of the kind are out of reach. */
  readonly onlyName?: string;
}

const kindOf = (apiVersion: string, kind: string, plural: string, namespaced = true): OwnedKind => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

const NAMESPACE = kindOf('v1', 'Namespace', 'namespaces', false);
const HTTP_ROUTE = kindOf('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes');

/**
 * Every kind that is applied, in that order: what restricts a namespace stands before what runs in it. Only HTTPRoute may be
 * missing in a cluster.
 */
export const OWNED_KINDS: readonly OwnedKind[] = [
  NAMESPACE,
  kindOf('v1', 'ResourceQuota', 'resourcequotas'),
  kindOf('v1', 'LimitRange', 'limitranges'),
  kindOf('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  kindOf('v1', 'ServiceAccount', 'serviceaccounts'),
  { ...kindOf('v1', 'Secret', 'secrets'), onlyName: NAMES.enrollment },
  kindOf('v1', 'ConfigMap', 'configmaps'),
  kindOf('v1', 'Service', 'services'),
  kindOf('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kindOf('apps/v1', 'Deployment', 'deployments'),
  kindOf('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  HTTP_ROUTE,
];

/** What is read and never written: which of a home's pods run. */
export const READ_KINDS: readonly OwnedKind[] = [kindOf('v1', 'Pod', 'pods')];

const known = new Map([...OWNED_KINDS, ...READ_KINDS].map((kind) => [kind.kind, kind]));

/** Throws at a kind that Biplane does not use: nothing else is ever asked of a cluster. */
export function ownedKind(kind: string): OwnedKind {
  const found = known.get(kind);
  if (found === undefined) throw new Error(`${kind} is not a kind that Biplane uses`);
  return found;
}
