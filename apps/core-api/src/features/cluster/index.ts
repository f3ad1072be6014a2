export type { Action, WritingAction } from './domain/actions.js';
export { writesOf } from './domain/actions.js';
export type {
  Amounts,
  ClusterSettings,
  EgressRule,
  HttpRouteSettings,
  IngressSettings,
  NetworkPeer,
} from './domain/cluster-settings.js';
export type { DedicatedHomeSpec } from './domain/dedicated-home-spec.js';
export { OWNED_KINDS, READ_KINDS, type OwnedKind } from './domain/kinds.js';
export {
  refOf,
  refText,
  type KubernetesObject,
  type ManagedFields,
  type ObjectMetadata,
  type ObjectRef,
} from './domain/kubernetes-object.js';
export { ANNOTATIONS, deploymentOf, FIELD_MANAGER, homeSelector, LABELS, platformLabels } from './domain/labels.js';
export { dedicatedHost, labelValue, NAMES, namespaceName } from './domain/names.js';
export { adoptionRefusal, plan } from './domain/plan.js';
export { readAnnotations, type NamespaceAnnotations } from './domain/read-annotations.js';
export { redacted } from './domain/build-objects.js';
export { reconcilerAccess, reconcilerRules, type AccessQuestion, type AccessRule } from './domain/reconciler-rules.js';
export { desiredObjects } from './desired-objects.js';
export { carryOut, type ActionOutcome } from './carry-out.js';
export {
  ClusterError,
  type AccessAnswer,
  type ApplyOutcome,
  type ClusterErrorReason,
  type ClusterGateway,
  type ClusterHint,
  type DeleteOptions,
  type DeleteOutcome,
  type DryRunOutcome,
  type FieldConflict,
  type ListQuery,
  type Watching,
} from './cluster-gateway.js';
export { parseClusterSettings, type ClusterSettingsByRegion } from './domain/parse-cluster-settings.js';
export { loadClusterSettings } from './load-cluster-settings.js';
export { differences, type Differences } from './domain/differences.js';
export { listKeys } from './domain/list-keys.js';
export { RecordingCluster } from './recording-cluster.js';
