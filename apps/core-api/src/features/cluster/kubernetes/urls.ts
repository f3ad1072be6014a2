import type { ListQuery } from '../cluster-gateway.js';
import { ownedKind, type OwnedKind } from '../domain/kinds.js';
import type { ObjectRef } from '../domain/kubernetes-object.js';

function collectionPath({ apiVersion, plural, namespaced }: OwnedKind, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${inside}/${plural}`;
}

export function objectPath(ref: ObjectRef): string {
  const kind = ownedKind(ref.kind);
  if (kind.namespaced && ref.namespace === undefined) throw new Error(`A ${ref.kind} lives in a namespace`);
  return `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

export function listPath(query: ListQuery, extra: Readonly<Record<string, string>>): string {
  const labels = Object.entries(query.labels);
  // Without a label it would be everybody's objects.
  if (labels.length === 0) throw new Error('Objects are listed by their labels');
  const labelSelector = labels.map(([name, value]) => `${name}=${value}`).join(',');
  const kind = ownedKind(query.kind);
  const search = new URLSearchParams({ labelSelector, ...extra });
  // A role that names objects allows lists and watches of just these names.
  if (kind.onlyName !== undefined) search.set('fieldSelector', `metadata.name=${kind.onlyName}`);
  return `${collectionPath(kind, query.namespace)}?${search.toString()}`;
}
