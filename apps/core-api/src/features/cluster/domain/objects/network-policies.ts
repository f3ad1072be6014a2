import type { ClusterSettings, EgressRule, NetworkPeer } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata, podSelector } from '../labels.js';
import { NAMES } from '../names.js';

/** Nothing in, nothing out, of any pod of the namespace: what is allowed stands in the other policy. */
export function defaultDeny(spec: DedicatedHomeSpec): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: homeMetadata(spec, NAMES.defaultDeny),
    spec: { podSelector: {}, policyTypes: ['Egress', 'Ingress'] },
  };
}

function peerOf({ cidr, namespaceLabels, podLabels }: NetworkPeer): Readonly<Record<string, unknown>> {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    ...(namespaceLabels && { namespaceSelector: { matchLabels: namespaceLabels } }),
    ...(podLabels && { podSelector: { matchLabels: podLabels } }),
  };
}

function ingressOf(peers: readonly NetworkPeer[], port: string): Readonly<Record<string, unknown>> {
  return { from: peers.map(peerOf), ports: [{ protocol: 'TCP', port }] };
}

function egressOf({ peers, ports }: EgressRule, protocols: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    to: peers.map(peerOf),
    ports: protocols.flatMap((protocol) => ports.map((port) => ({ protocol, port }))),
  };
}

export function homeTraffic(spec: DedicatedHomeSpec, settings: ClusterSettings): KubernetesObject {
  const { dns, enrollment, postgresql, redis, kafka, mail } = settings.egress;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: homeMetadata(spec, NAMES.workload),
    spec: {
      podSelector: { matchLabels: podSelector(spec) },
      policyTypes: ['Egress', 'Ingress'],
      ingress: [
        ingressOf(settings.ingressPeers, 'http'),
        // A rule of no peers would let everybody in.
        ...(settings.internalPeers.length > 0 ? [ingressOf(settings.internalPeers, 'internal')] : []),
      ],
      egress: [
        egressOf(dns, ['UDP', 'TCP']),
        ...[enrollment, postgresql, redis, kafka, ...(mail ? [mail] : [])].map((rule) => egressOf(rule, ['TCP'])),
      ],
    },
  };
}
