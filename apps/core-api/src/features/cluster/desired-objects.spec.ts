import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { orThrow, parseDeploymentId, parseHomeId, parseTenantId } from '@biplane/kernel';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { isHostName, isLabelValue } from './domain/names.js';
import {
  desiredObjects,
  namespaceName,
  OWNED_KINDS,
  redacted,
  type ClusterSettings,
  type DedicatedHomeSpec,
  type KubernetesObject,
} from './index.js';
import { yamlText } from './yaml-text.js';

const golden = homeSpec({
  platform: 'golden',
  tenantId: orThrow(parseTenantId('01990000-0000-7000-8000-000000000001')),
  deploymentId: orThrow(parseDeploymentId('01990000-0000-7000-8000-000000000002')),
  homeId: orThrow(parseHomeId('01990000-0000-7000-8000-000000000003')),
  host: 'studio-000000000003.eu-1.homes.example',
  enrollmentToken: 'golden-token-of-no-home-at-all-0123456789abc',
});

const gateway: ClusterSettings['route'] = {
  kind: 'httproute',
  gateway: { namespace: 'gateways', name: 'public', sectionName: 'https' },
};
const tenantServices: ClusterSettings['internalPeers'] = [
  { namespaceLabels: { 'example.com/tenant-services': 'true' }, podLabels: { 'example.com/asks-gate': 'true' } },
  { cidr: '10.40.0.0/16' },
];
const suspended = { suspendedAt: new Date('2027-03-01T10:00:00Z'), replicas: 0 };

const variants: [string, Partial<DedicatedHomeSpec>, Partial<ClusterSettings>][] = [
  ['running, behind an ingress', {}, {}],
  ['running, behind a gateway', { epoch: 2 }, { route: gateway }],
  ['asked by tenant services', {}, { internalPeers: tenantServices }],
  ['stopped', { replicas: 0 }, {}],
  [
    'suspended, with a certificate of its own',
    suspended,
    {
      route: {
        kind: 'ingress',
        className: 'public',
        tls: 'issued',
        annotations: { 'cert-manager.io/cluster-issuer': 'ours' },
      },
    },
  ],
];

const textOf = (objects: readonly KubernetesObject[]): string => objects.map(yamlText).join('---\n');

describe('the objects of a home', () => {
  it.each(variants)('are as reviewed: %s', (name, spec, settings) => {
    const text = textOf(desiredObjects({ ...golden, ...spec }, clusterSettings(settings)));
    const file = new URL(`./golden/${name.replaceAll(/[, ]+/g, '-')}.yaml`, import.meta.url);
    // Delete a file to have it written anew: this run fails, and the next one passes when it was reviewed.
    if (!existsSync(file)) {
      writeFileSync(file, text);
      throw new Error(`${name} was written: review it`);
    }
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('are the same for the same home and settings, in whatever order these were written', () => {
    const settings = clusterSettings({ extraEnv: { A: '1', B: '2' } });
    const shuffled = clusterSettings({ extraEnv: { B: '2', A: '1' } });
    const left = desiredObjects(golden, settings);
    expect(desiredObjects({ ...golden, modules: [...golden.modules].reverse() }, shuffled)).toEqual(left);
    expect(textOf(desiredObjects(golden, shuffled))).toBe(textOf(left));
  });

  it('tell homes which proxies to trust, where there are any', () => {
    const dataOf = (trustedProxies: readonly string[]) =>
      JSON.stringify(desiredObjects(golden, clusterSettings({ trustedProxies })));
    expect(dataOf(['10.0.0.0/8', '192.0.2.7'])).toContain('"TRUSTED_PROXIES":"10.0.0.0/8,192.0.2.7"');
    expect(dataOf([])).not.toContain('TRUSTED_PROXIES');
  });

  it('let tenant services that the settings name reach the internal port, and nobody without any', () => {
    const partsOf = (internalPeers: ClusterSettings['internalPeers']) => {
      const objects = desiredObjects(golden, clusterSettings({ internalPeers }));
      const policy = objects.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'tenant-api');
      const { ingress } = policy!['spec'] as { ingress: { from: unknown[]; ports: { port: string }[] }[] };
      return {
        services: objects
          .filter(({ kind }) => kind === 'Service')
          .map(({ metadata, spec }) => [
            metadata.name,
            (spec as { ports: { name: string }[] }).ports.map(({ name }) => name),
          ]),
        open: ingress.map(({ from, ports }) => [ports.map(({ port }) => port), from.length]),
      };
    };
    expect(partsOf([])).toEqual({ services: [['tenant-api', ['http']]], open: [[['http'], 1]] });
    expect(partsOf(tenantServices)).toEqual({
      services: [['tenant-api', ['http']], ['tenant-api-internal', ['internal']]],
      open: [[['http'], 1], [['internal'], 2]],
    }); // prettier-ignore
  });

  it('come in an order in which each finds what it needs, and are of the kinds that are owned', () => {
    const kinds = desiredObjects(golden, clusterSettings()).map(({ kind }) => kind);
    const ranks = kinds.map((kind) => OWNED_KINDS.findIndex((owned) => owned.kind === kind));
    expect(ranks).not.toContain(-1);
    expect(kinds[0]).toBe('Namespace');
    for (const needed of ['ServiceAccount', 'Secret', 'ConfigMap', 'ResourceQuota', 'NetworkPolicy'])
      expect(kinds.lastIndexOf(needed)).toBeLessThan(kinds.indexOf('Deployment'));
  });

  it('have valid names and labels, and stand in the namespace of their home', () => {
    for (const slug of ['acme', 'ACME "Ltd" 名', 'x'.repeat(300)]) {
      const spec = homeSpec({ tenantSlug: slug, deploymentSlug: slug });
      for (const { kind, metadata } of desiredObjects(spec, clusterSettings())) {
        expect(isHostName(metadata.name)).toBe(true);
        if (kind !== 'Namespace') expect(metadata.namespace).toBe(namespaceName(spec.homeId));
        expect(Object.values(metadata.labels ?? {}).filter((value) => !isLabelValue(value))).toEqual([]);
        expect(metadata.annotations?.['biplane.dev/epoch']).toBe('1');
      }
    }
  });

  it('hold no secret but the enrollment token, and that in one Secret alone', () => {
    const objects = desiredObjects(golden, clusterSettings());
    const encoded = Buffer.from(golden.enrollmentToken).toString('base64');
    const holding = objects.filter((object) => {
      const text = JSON.stringify(object);
      return text.includes(golden.enrollmentToken) || text.includes(encoded);
    });
    expect(holding.map(({ kind }) => kind)).toEqual(['Secret']);
    expect(objects.filter(({ kind }) => kind === 'Secret')).toHaveLength(1);
    expect(Object.keys(holding[0]?.['data'] as object)).toEqual(['token']);
    expect(textOf(objects)).not.toMatch(/password|DATABASE_URL|REDIS_URL|privateKey|"d":/i);
    expect(JSON.stringify(objects.map(redacted))).not.toContain(encoded);
  });

  it('start the pods anew when settings or token change, and not for an epoch, a slug or a suspension', () => {
    const templateOf = (spec: Partial<DedicatedHomeSpec>, settings: Partial<ClusterSettings> = {}): unknown => {
      const objects = desiredObjects({ ...golden, ...spec }, clusterSettings(settings));
      const { template } = objects.find(({ kind }) => kind === 'Deployment')!['spec'] as { template: unknown };
      return template;
    };
    const now = templateOf({});
    for (const same of [{ epoch: 7 }, { tenantSlug: 'other', deploymentSlug: 'other' }, suspended, { modules: ['x'] }])
      expect(templateOf(same)).toEqual(now);
    expect(templateOf({}, { internalPeers: tenantServices })).toEqual(now);
    expect(templateOf({ enrollmentToken: 'another-token-of-no-home-0123456789' })).not.toEqual(now);
    expect(templateOf({}, { kafkaBrokers: ['kafka:9093'] })).not.toEqual(now);
    expect(templateOf({}, { rootKey: '{}' })).not.toEqual(now);
  });

  it('of different homes share no name, no host and no queue prefix', () => {
    const [left, right] = [homeSpec(), homeSpec()].map((spec) => desiredObjects(spec, clusterSettings()));
    const claims = (objects: readonly KubernetesObject[] = []) =>
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(claims(left).filter((name) => claims(right).includes(name))).toEqual([]);
    const environment = (objects: readonly KubernetesObject[] = []) =>
      objects.find(({ metadata }) => metadata.name === 'tenant-api-settings')?.['data'] as Record<string, string>;
    expect(environment(left)['REDIS_PREFIX']).not.toBe(environment(right)['REDIS_PREFIX']);
    expect(environment(left)['REDIS_PREFIX']).toMatch(/^bp:[0-9a-f]{32}:$/);
  });

  it('are not made for a host that is none, for a token that is none, or for more replicas than the quota has room for', () => {
    expect(() => desiredObjects({ ...golden, host: 'a b' }, clusterSettings())).toThrow('not a host name');
    expect(() => desiredObjects({ ...golden, enrollmentToken: 'ü' }, clusterSettings())).toThrow('base64url');
    expect(() => desiredObjects({ ...golden, replicas: 4 }, clusterSettings())).toThrow('from 0 to 3 replicas');
  });
});
