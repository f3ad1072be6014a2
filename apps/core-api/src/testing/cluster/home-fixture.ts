import { randomBytes, randomUUID } from 'node:crypto';
import { orThrow, parseDeploymentId, parseHomeId, parseRegionCode, parseTenantId } from '@biplane/kernel';
import { createKeyPair, exportPublicJwk, jwkThumbprint } from '@biplane/licensing';
import type { ClusterSettings, DedicatedHomeSpec } from '../../features/cluster/index.js';

const TRUST_ROOT = {
  kid: 'aM1vbr3yKvcnTFkOUjHEItp0qZ2CnpNBXdTyBCUMUFU',
  publicJwk: { kty: 'EC', crv: 'P-256', x: 'public', y: 'public' },
};

/** Settings of a region as small as they can be; tests change what they are about. */
export function clusterSettings(changes: Partial<ClusterSettings> = {}): ClusterSettings {
  const at = (cidr: string, port: number) => ({ peers: [{ cidr }], ports: [port] });
  return {
    image: `registry.example/biplane/tenant-api@sha256:${'ab'.repeat(32)}`,
    domain: 'eu-1.homes.example',
    route: { kind: 'ingress', className: 'nginx', tls: 'controller', annotations: {} },
    ingressPeers: [{ namespaceLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } }],
    internalPeers: [],
    enrollmentUrl: 'http://tenant-api-internal.biplane:8081',
    kafkaBrokers: ['kafka-0.internal:9092', 'kafka-1.internal:9092'],
    rootKey: JSON.stringify(TRUST_ROOT),
    httpPort: 8080,
    internalPort: 8081,
    runAsUser: 65_532,
    resources: { requests: { cpu: '50m', memory: '192Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    replicas: 1,
    replicasMax: 3,
    egress: {
      dns: {
        peers: [
          { namespaceLabels: { 'kubernetes.io/metadata.name': 'kube-system' }, podLabels: { 'k8s-app': 'kube-dns' } },
        ],
        ports: [53],
      },
      enrollment: { peers: [{ namespaceLabels: { 'kubernetes.io/metadata.name': 'biplane' } }], ports: [8081] },
      postgresql: at('10.20.0.0/24', 5432),
      redis: at('10.20.1.0/24', 6379),
      kafka: at('10.20.2.0/24', 9092),
    },
    gracePeriodSeconds: 45,
    logLevel: 'info',
    trustedProxies: [],
    extraEnv: {},
    ...changes,
  };
}

const publicJwk = exportPublicJwk(createKeyPair().publicKey);

/** The file that a process reads them from, with a trust root that it takes. */
export function clusterSettingsOf(changes: Partial<ClusterSettings> = {}): object {
  const rootKey = { kid: jwkThumbprint(publicJwk), publicJwk };
  return { regions: { 'eu-1': { ...clusterSettings(changes), rootKey } } };
}

/** A home of random ids. */
export function homeSpec(changes: Partial<DedicatedHomeSpec> = {}): DedicatedHomeSpec {
  const homeId = orThrow(parseHomeId(randomUUID()));
  return {
    platform: 'test',
    tenantId: orThrow(parseTenantId(randomUUID())),
    deploymentId: orThrow(parseDeploymentId(randomUUID())),
    homeId,
    region: orThrow(parseRegionCode('eu-1')),
    epoch: 1,
    tenantSlug: 'acme',
    deploymentSlug: 'studio',
    host: `studio-${homeId.slice(-12)}.eu-1.homes.example`,
    enrollmentToken: randomBytes(32).toString('base64url'),
    modules: ['studio', 'financials'],
    suspendedAt: null,
    replicas: 1,
    ...changes,
  };
}
