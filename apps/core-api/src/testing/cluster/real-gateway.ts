/** What no front door has, for its client library is large: of the processes the reconciler alone loads it. */
export { kubernetesGateway } from '../../features/cluster/cluster.gateway.js';
