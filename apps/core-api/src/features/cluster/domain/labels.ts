import type { DedicatedHomeSpec } from './dedicated-home-spec.js';
import type { KubernetesObject, ObjectMetadata } from './kubernetes-object.js';
import { labelValue, namespaceName } from './names.js';

export const MANAGED_BY = 'biplane';
/** The field manager of every apply. */
export const FIELD_MANAGER = 'biplane-core';

export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  partOf: 'app.kubernetes.io/part-of',
  platform: 'biplane.dev/platform',
  region: 'biplane.dev/region',
  tenant: 'biplane.dev/tenant',
  deployment: 'biplane.dev/deployment',
  home: 'biplane.dev/home',
  tenantSlug: 'biplane.dev/tenant-slug',
  deploymentSlug: 'biplane.dev/deployment-slug',
} as const;

export const ANNOTATIONS = {
  epoch: 'biplane.dev/epoch',
  /** Codes, sorted, separated by commas. */
  modules: 'biplane.dev/modules',
  suspendedAt: 'biplane.dev/suspended-at',
  configChecksum: 'biplane.dev/config-checksum',
} as const;

/** Selects the pods of one home. A selector can never be changed, so that it holds ids alone. */
export function podSelector(spec: DedicatedHomeSpec): Readonly<Record<string, string>> {
  return { [LABELS.name]: 'tenant-api', [LABELS.home]: spec.homeId };
}

/** On pods: what stays the same for a home's whole life, as any change would start them anew. */
export function podLabels(spec: DedicatedHomeSpec): Readonly<Record<string, string>> {
  return {
    ...podSelector(spec),
    [LABELS.partOf]: 'biplane',
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.platform]: labelValue(spec.platform),
    [LABELS.tenant]: spec.tenantId,
    [LABELS.deployment]: spec.deploymentId,
  };
}

/** On every object of a home. */
export function homeLabels(spec: DedicatedHomeSpec): Readonly<Record<string, string>> {
  return {
    ...podLabels(spec),
    [LABELS.region]: spec.region,
    [LABELS.tenantSlug]: labelValue(spec.tenantSlug),
    [LABELS.deploymentSlug]: labelValue(spec.deploymentSlug),
  };
}

/** Metadata of an object inside the home's namespace. */
export function homeMetadata(spec: DedicatedHomeSpec, name: string): ObjectMetadata {
  return {
    name,
    namespace: namespaceName(spec.homeId),
    labels: homeLabels(spec),
    annotations: { [ANNOTATIONS.epoch]: String(spec.epoch) },
  };
}

/** What a sweep of one installation selects by. */
export function platformLabels(platform: string): Readonly<Record<string, string>> {
  return { [LABELS.managedBy]: MANAGED_BY, [LABELS.platform]: labelValue(platform) };
}

/** What the objects of one home are listed by. */
export function homeSelector(platform: string, homeId: string): Readonly<Record<string, string>> {
  return { ...platformLabels(platform), [LABELS.home]: homeId };
}

/** Whose an object is, by its labels; null for what is not ours at all. */
export function deploymentOf(object: KubernetesObject): string | null {
  const labels = object.metadata.labels ?? {};
  return labels[LABELS.managedBy] === MANAGED_BY ? (labels[LABELS.deployment] ?? null) : null;
}
