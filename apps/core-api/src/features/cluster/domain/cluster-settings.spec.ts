import { describe, expect, it } from '@jest/globals';
import { createKeyPair, exportPublicJwk, jwkThumbprint } from '@biplane/licensing';
import { clusterSettings, homeSpec } from '../../../testing/cluster/home-fixture.js';
import { loadClusterSettings } from '../load-cluster-settings.js';
import type { ClusterSettings } from './cluster-settings.js';
import { homeTraffic } from './objects/network-policies.js';
import { parseClusterSettings } from './parse-cluster-settings.js';

const publicJwk = exportPublicJwk(createKeyPair().publicKey);
const rootKey = { kid: jwkThumbprint(publicJwk), publicJwk };
const at = (cidr: string, port: number) => ({ peers: [{ cidr }], ports: [port] });

/** The smallest file: everything that has no default. */
const least = {
  image: `registry.example/biplane/tenant-api@sha256:${'ab'.repeat(32)}`,
  domain: 'eu-1.homes.example',
  route: { kind: 'ingress', className: 'nginx' },
  ingressPeers: [{ namespaceLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } }],
  enrollmentUrl: 'http://tenant-api-internal.biplane:8081',
  kafkaBrokers: ['kafka-0.internal:9092', 'kafka-1.internal:9092'],
  rootKey,
  resources: { requests: { cpu: '50m', memory: '192Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  egress: {
    enrollment: { peers: [{ namespaceLabels: { 'kubernetes.io/metadata.name': 'biplane' } }], ports: [8081] },
    postgresql: at('10.20.0.0/24', 5432),
    redis: at('10.20.1.0/24', 6379),
    kafka: at('10.20.2.0/24', 9092),
  },
};
const parsed = (changes: object) =>
  parseClusterSettings(JSON.stringify({ regions: { 'eu-1': { ...least, ...changes } } }));
const mistakesOf = (changes: object): readonly string[] => {
  const settings = parsed(changes);
  return settings.ok ? [] : settings.error;
};

describe('cluster settings', () => {
  it('are read with their defaults', () => {
    const settings = parsed({});
    const { replicasMax: _, ...expected } = clusterSettings({ rootKey: JSON.stringify(rootKey) });
    expect(settings.ok && [...settings.value]).toEqual([['eu-1', { ...expected, replicasMax: 5 }]]);
  });

  it("homes reach the region's mail server where the settings name it, and no other", () => {
    const mail = at('10.20.3.0/24', 465);
    const settings = parsed({ egress: { ...least.egress, mail } });
    const { 'eu-1': read } = Object.fromEntries(settings.ok ? settings.value : []);
    const ways = (of: ClusterSettings) => JSON.stringify(homeTraffic(homeSpec(), of));
    expect(ways(read!)).toContain('"cidr":"10.20.3.0/24"');
    expect(ways({ ...read!, egress: { ...read!.egress, mail: undefined } })).not.toContain('465');
  });

  it('all mistakes are told at once, with their places and without their values', () => {
    const file = {
      ...least,
      image: 'registry.example/hunter2:latest',
      domain: 'Hunter2',
      kafkaBrokers: ['hunter2'],
      gracePeriodSeconds: 20,
      runAsUser: 0,
      unknown: 'hunter2',
      resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: '0.5', memory: '512MB' } },
      trustedProxies: ['hunter2'],
      extraEnv: { HOME_ID: 'x', TRUSTED_PROXIES: '10.0.0.0/8', lower: 'x', DB_PASSWORD: 'hunter2' },
    };
    const { egress: __, ...without } = file;
    const found = parseClusterSettings(
      JSON.stringify({ regions: { 'eu-1': without, 'us-1': least, EU: {} }, more: 1 }),
    );
    const list = found.ok ? [] : found.error;
    const places = [
      'more',
      'regions.eu-1.unknown',
      'regions.eu-1.image',
      'regions.eu-1.domain',
      'regions.eu-1.kafkaBrokers[0]',
      'regions.eu-1.runAsUser',
      'regions.eu-1.resources.requests.cpu',
      'regions.eu-1.resources.requests.memory',
      'regions.eu-1.resources.limits.cpu',
      'regions.eu-1.resources.limits.memory',
      'regions.eu-1.egress',
      'regions.eu-1.gracePeriodSeconds',
      'regions.eu-1.trustedProxies[0]',
      'regions.eu-1.extraEnv.HOME_ID',
      'regions.eu-1.extraEnv.TRUSTED_PROXIES',
      'regions.eu-1.extraEnv.DB_PASSWORD',
    ];
    for (const place of places) expect(list.map((mistake) => mistake.split(' ')[0])).toContain(place);
    expect(list.filter((mistake) => mistake.startsWith('regions.us-1'))).toEqual([]);
    expect(list.join()).not.toMatch(/hunter2/i);
  });

  it.each([
    ['an image by its tag', { image: 'registry.example/tenant-api:1.0' }],
    ['a grace period that ends before the drain', { gracePeriodSeconds: 30 }],
    ['more asked for than the limit', { resources: { ...least.resources, requests: { cpu: '2', memory: '1Gi' } } }],
    [
      'an amount in another spelling than the server gives back',
      { resources: { ...least.resources, limits: { cpu: '1000m', memory: '512Mi' } } },
    ],
    ['a peer of both kinds', { ingressPeers: [{ cidr: '10.0.0.0/8', podLabels: { app: 'x' } }] }],
    ['a peer of everybody', { ingressPeers: [{}] }],
    ['everybody at the internal port', { internalPeers: [{}] }],
    ['an internal peer by its name', { internalPeers: ['tenant-services'] }],
    ['an internal peer by one address', { internalPeers: [{ cidr: '10.40.0.7' }] }],
    ['more internal peers than a policy should have', { internalPeers: Array(21).fill({ cidr: '10.40.0.0/16' }) }],
    ['a URL with a password', { enrollmentUrl: 'http://user:secret@pool:8081' }],
    ['one port for two listeners', { httpPort: 8081 }],
    ['a key that is private', { rootKey: { ...rootKey, publicJwk: { ...publicJwk, d: 'AAAA' } } }],
    ['brokers that are named twice', { kafkaBrokers: ['kafka:9092', 'kafka:9092'] }],
    ['a gateway without a name', { route: { kind: 'httproute', gateway: { namespace: 'x' } } }],
  ])('refuse %s', (_, changes) => {
    expect(mistakesOf(changes)).not.toEqual([]);
  });

  it('a file that is missing or no JSON stops the start', () => {
    expect(() => loadClusterSettings('no-such-file.json')).toThrow('CLUSTER_SETTINGS_FILE can not be read: ENOENT');
    expect(parseClusterSettings('{')).toEqual({ ok: false, error: ['the file is not JSON'] });
  });
});
