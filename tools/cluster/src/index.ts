export { startCluster, type ClusterContext, type RunningCluster } from './cluster.js';
export { ensureBinaries } from './control-plane/binaries.js';
export { HELM_VERSION, KUBERNETES_VERSION, type Binary } from './control-plane/versions.js';
export { startRecordedHomes } from './recorded-homes.js';
export { binariesFinding } from './control-plane/binaries-finding.js';
