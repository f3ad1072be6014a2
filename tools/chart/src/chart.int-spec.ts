import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { helm, helmOrThrow, kubeVersion } from './helm.js';
import { chartFolder, root, valuesFile, variants } from './places.js';
import { byKind, one, podTemplate, render, type Manifest } from './render.js';

const deployments = (manifests: readonly Manifest[]) => byKind(manifests, 'Deployment');
const podsOf = (manifests: readonly Manifest[]) =>
  manifests.flatMap((manifest) => {
    const template = podTemplate(manifest);
    return template ? [{ manifest, template, container: template.spec.containers[0]! }] : [];
  });

describe.each(variants)('the chart with the values %s', (variant) => {
  it('passes helm lint', async () => {
    const told = await helmOrThrow(['lint', chartFolder, '--strict', '--values', valuesFile(variant), ...kubeVersion]);
    expect(told).toContain('0 chart(s) failed');
  });

  it('names every object once and labels it with its release', async () => {
    const manifests = await render(variant);
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(manifests.filter(({ metadata }) => metadata.labels['app.kubernetes.io/instance'] !== 'bp')).toEqual([]);
  });

  it('30: holds no Secret, and every secret variable comes from one that exists', async () => {
    const manifests = await render(variant);
    expect(byKind(manifests, 'Secret')).toEqual([]);
    const secret = /PASSWORD|_DATABASE_URL$|REDIS_URL|CLIENT_SECRET|CLIENT_ID/;
    const named = podsOf(manifests).flatMap(
      ({ container }) => container.env?.filter(({ name }) => secret.test(name)) ?? [],
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter(({ valueFrom }) => !valueFrom?.['secretKeyRef'])).toEqual([]);
    expect(JSON.stringify(manifests)).not.toMatch(/:\/\/[^/"\s]+:[^/"\s]+@/);
  });

  it('31: a pod may take longer to stop than preStop and the drain together, and five minutes to start', async () => {
    for (const { template, container } of podsOf(deployments(await render(variant)))) {
      const preStop = (container['lifecycle'] as { preStop: { sleep: { seconds: number } } }).preStop.sleep.seconds;
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStop + 25);
      const startup = container['startupProbe'] as { periodSeconds: number; failureThreshold: number };
      expect(startup.periodSeconds * startup.failureThreshold).toBeGreaterThanOrEqual(300);
    }
  });

  it('32: liveness asks the process alone, readiness what it needs', async () => {
    for (const { container } of podsOf(deployments(await render(variant)))) {
      expect(container['livenessProbe']).toMatchObject({ httpGet: { path: '/health/live' } });
      expect(container['readinessProbe']).toMatchObject({ httpGet: { path: '/health/ready' } });
    }
  });

  it('spreads the replicas of each service and says what each needs', async () => {
    for (const { manifest, template, container } of podsOf(deployments(await render(variant)))) {
      const { matchLabels } = (manifest.spec as { selector: { matchLabels: object } }).selector;
      const spread = template.spec['topologySpreadConstraints'] as { labelSelector: { matchLabels: object } }[];
      expect(spread).toHaveLength(2);
      for (const { labelSelector } of spread) expect(labelSelector.matchLabels).toEqual(matchLabels);
      expect(container['resources']).toMatchObject({ limits: { memory: expect.any(String) } });
    }
  });

  it('gives the token of a ServiceAccount to nobody but the reconciler', async () => {
    for (const { template } of podsOf(await render(variant))) {
      const isReconciler = template.metadata?.labels?.['app.kubernetes.io/component'] === 'reconciler';
      expect(template.spec['automountServiceAccountToken']).toBe(isReconciler);
    }
  });
});

describe('27: values.schema.json', () => {
  it.each([
    ['a misspelt key', ['coreApi.replcas=3'], /coreApi.*replcas/],
    ['a key of the wrong depth', ['existingSecret=x'], /existingSecret/],
    ['a misspelt secret of a region', ['regions.eu-1.existingSecrets.redsi=x'], /redsi/],
    ['a misspelt flag', ['monitoring.serviceMonitor.enable=true'], /enable/],
    ['a region that is none', ['regions.EU_1.homeId=x'], /EU_1/],
    ['a home that is no UUID', ['regions.eu-1.homeId=home'], /homeId/],
    ['a digest that is none', ['image.coreApi.digest=latest'], /digest/],
    ['replicas as a word', ['coreApi.replicas=two'], /replicas/],
    ['a mail address as MAIL_URL', ['coreApi.mail.url=mail.example.com'], /mail/],
    ['a proxy by its name', ['trustedProxies[0]=ingress-nginx'], /trustedProxies/],
    ['everybody as a proxy', ['trustedProxies[0]=0.0.0.0/0'], /trustedProxies/],
    ['a peer of homes by its name', ['dedicatedHomes.internalPeers[0]=tenant-services'], /internalPeers/],
    ['an unknown kind of route', ['dedicatedHomes.route.kind=nodeport'], /kind/],
  ])('refuses %s', async (_what, sets, message) => {
    const args = ['template', 'bp', chartFolder, '--values', valuesFile('eu'), ...kubeVersion];
    const { code, stderr } = await helm([...args, ...sets.flatMap((set) => ['--set', set])]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  it('refuses to install with nothing said: brokers, trust root and a region are needed', async () => {
    const { code, stderr } = await helm(['template', 'bp', chartFolder, ...kubeVersion]);
    expect(code).not.toBe(0);
    for (const needed of ['brokers', 'rootKey', 'regions']) expect(stderr).toContain(needed);
  });

  it('closes every object, but for parts of Kubernetes objects that the API server checks', () => {
    const schema = JSON.parse(readFileSync(path.join(chartFolder, 'values.schema.json'), 'utf8')) as object;
    const open: string[] = [];
    const look = (at: string, part: unknown): void => {
      if (part === null || typeof part !== 'object') return;
      const { type, additionalProperties } = part as { type?: string; additionalProperties?: unknown };
      if (type === 'object' && additionalProperties !== false && typeof additionalProperties !== 'object')
        open.push(at);
      for (const [key, value] of Object.entries(part)) look(`${at}/${key}`, value);
    };
    look('', schema);
    expect(open).toEqual(['/$defs/kubernetes']);
  });
});

describe('28: what watches the platform', () => {
  it('is off unless asked for', async () => {
    const kinds = (await render('eu')).map(({ kind }) => kind);
    expect(kinds).not.toEqual(expect.arrayContaining(['ServiceMonitor']));
    expect(kinds).not.toEqual(expect.arrayContaining(['PrometheusRule']));
    expect((await render('eu')).some(({ data }) => data?.['biplane.json'])).toBe(false);
  });

  it('has the alert rules and the dashboard of deploy/, word for word', async () => {
    const manifests = await render('everything');
    const rules = parse(readFileSync(path.join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')) as object;
    expect(byKind(manifests, 'PrometheusRule')[0]?.spec).toEqual(rules);
    const dashboard = JSON.parse(readFileSync(path.join(root, 'deploy/grafana/biplane.json'), 'utf8')) as object;
    const { data } = one(manifests, 'ConfigMap', 'platform-dashboard');
    expect(JSON.parse(data?.['biplane.json'] ?? '')).toEqual(dashboard);
  });

  it('scrapes under the jobs that the rules know', async () => {
    const manifests = await render('everything');
    const { jobLabel } = byKind(manifests, 'ServiceMonitor')[0]?.spec as { jobLabel: string };
    const jobs = byKind(manifests, 'Service').map(({ metadata }) => metadata.labels[jobLabel]);
    expect([...new Set(jobs)].sort()).toEqual(['core-api', 'reconciler', 'tenant-api']);
  });
});

describe('the pieces of a release', () => {
  it('33: pods are replaced when what they read at their start changes, and only then', async () => {
    const checksum = async (...sets: string[]) =>
      podTemplate(one(await render('eu', sets), 'Deployment', 'bp-biplane-reconciler'))?.metadata?.annotations?.[
        'checksum/config'
      ];
    const before = await checksum();
    expect(await checksum('dedicatedHomes.replicasMax=5')).not.toBe(before);
    expect(await checksum('helmTest.timeoutSeconds=60')).toBe(before);
  });

  it('migrations and topics come before everything else, at install and at upgrade', async () => {
    const jobs = byKind(await render('two-regions'), 'Job');
    expect(jobs.map(({ metadata }) => metadata.name).sort()).toEqual(
      ['core', 'eu-1', 'us-1'].map((of) => `bp-biplane-migrate-${of}`).concat('bp-biplane-topics'),
    );
    for (const { metadata } of jobs) {
      expect(metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    }
  });

  it('the owners of the databases are seen by the migrations alone', async () => {
    const seen = podsOf(await render('two-regions')).flatMap(({ manifest, container }) =>
      JSON.stringify(container.env).includes('_MIGRATION_DATABASE_URL') ? [manifest.kind] : [],
    );
    expect(seen).toEqual(['Job', 'Job', 'Job']);
  });

  it('a region has its own size where it says so, and what all have otherwise', async () => {
    const manifests = await render('two-regions');
    const size = (region: string) => one(manifests, 'Deployment', `bp-biplane-tenant-api-${region}`).spec?.['replicas'];
    expect([size('eu-1'), size('us-1')]).toEqual([2, 5]);
  });

  it('no region chooses the pods of another', async () => {
    const services = byKind(await render('two-regions'), 'Service').filter(
      ({ metadata }) => metadata.labels['biplane.dev/region'],
    );
    expect(services).toHaveLength(4);
    for (const { metadata, spec } of services) {
      expect(spec?.['selector']).toMatchObject({ 'biplane.dev/region': metadata.labels['biplane.dev/region'] });
    }
  });

  it('35: a name that would be cut is refused', async () => {
    const long = 'a'.repeat(38);
    const args = ['template', 'bp', chartFolder, '--values', valuesFile('eu'), ...kubeVersion];
    const { code, stderr } = await helm([...args, '--set', `fullnameOverride=${long}`]);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('choose a shorter fullnameOverride')]);
  });

  it('an autoscaled service has no fixed size, and follows lag only where asked for', async () => {
    const manifests = await render('everything');
    expect(one(manifests, 'Deployment', 'platform-core-api').spec).not.toHaveProperty('replicas');
    const metrics = (name: string) =>
      (one(manifests, 'HorizontalPodAutoscaler', name).spec?.['metrics'] as { type: string }[]).map(({ type }) => type);
    expect(metrics('platform-core-api')).toEqual(['Resource', 'External']);
    expect(metrics('platform-tenant-api-eu-1')).toEqual(['Resource']);
    expect(byKind(await render('eu'), 'HorizontalPodAutoscaler')).toEqual([]);
  });

  it('no Ingress leads to the internal port', async () => {
    const ingresses = byKind(await render('everything'), 'Ingress');
    expect(ingresses).toHaveLength(2);
    expect(JSON.stringify(ingresses)).not.toContain('internal');
  });

  it('every service that clients reach is told which proxies to trust: none by default', async () => {
    for (const [variant, name, trusted] of [
      ['everything', 'platform', '10.0.0.0/8,2001:db8::/32'],
      ['eu', 'bp-biplane', ''],
    ] as const) {
      const manifests = await render(variant);
      for (const service of ['core-api', 'tenant-api-eu-1']) {
        const template = podTemplate(one(manifests, 'Deployment', `${name}-${service}`));
        expect(template?.spec.containers[0]?.env).toContainEqual({ name: 'TRUSTED_PROXIES', value: trusted });
      }
    }
  });

  it('what is passed through arrives at the pods', async () => {
    const template = podTemplate(one(await render('everything'), 'Deployment', 'platform-core-api'));
    expect(template).toMatchObject({
      metadata: { labels: { team: 'platform' }, annotations: { 'example.com/note': 'seen' } },
      spec: {
        priorityClassName: 'system-cluster-critical',
        nodeSelector: { 'kubernetes.io/arch': 'amd64' },
        tolerations: [{ key: 'dedicated' }],
        affinity: { podAntiAffinity: expect.anything() },
        imagePullSecrets: [{ name: 'registry-login' }],
      },
    });
    expect(template?.spec.containers[0]?.env).toContainEqual({
      name: 'NODE_OPTIONS',
      value: '--max-old-space-size=512',
    });
  });
});

describe('NetworkPolicies', () => {
  it('close every pod of the release both ways, and open what is named', async () => {
    const policies = byKind(await render('everything'), 'NetworkPolicy');
    const deny = one(policies, 'NetworkPolicy', 'platform-default-deny').spec;
    expect(deny).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'biplane', 'app.kubernetes.io/instance': 'bp' } },
      policyTypes: ['Ingress', 'Egress'],
    });
    for (const { template } of podsOf(await render('everything'))) {
      expect(template.metadata?.labels).toMatchObject({
        'app.kubernetes.io/name': 'biplane',
        'app.kubernetes.io/instance': 'bp',
      });
    }
  });

  it('let dedicated homes of this installation alone reach the enrollment', async () => {
    const { spec } = one(await render('eu'), 'NetworkPolicy', 'bp-biplane-tenant-api-internal');
    expect(spec?.['ingress']).toEqual([
      {
        ports: [{ port: 'internal', protocol: 'TCP' }],
        from: [{ namespaceSelector: { matchLabels: { 'biplane.dev/platform': 'biplane' } } }],
      },
    ]);
  });
});

describe('the way out of core-api', () => {
  const rules = async (...sets: string[]) =>
    one(await render('eu', sets), 'NetworkPolicy', 'bp-biplane-core-api').spec?.['egress'] as {
      ports: { port: number }[];
      to?: { ipBlock?: { cidr: string; except: string[] } }[];
    }[];

  it('leads by HTTPS to public addresses alone: a webhook reaches nothing inside', async () => {
    const https = (await rules()).filter(({ ports }) => ports.some(({ port }) => port === 443));
    expect(https).toHaveLength(1);
    const blocks = https[0]?.to?.map(({ ipBlock }) => ipBlock) ?? [];
    expect(blocks.map((block) => block?.cidr)).toEqual(['0.0.0.0/0', '::/0']);
    expect(blocks[0]?.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '127.0.0.0/8']));
    expect(blocks[1]?.except).toEqual(expect.arrayContaining(['fc00::/7', 'fe80::/10']));
  });

  it('leads to a key service inside only where one is named', async () => {
    const before = (await rules()).length;
    expect(await rules('networkPolicies.egress.kms.to[0].ipBlock.cidr=10.9.8.7/32')).toHaveLength(before + 1);
  });
});

describe('the reconciler', () => {
  // core-api's own test reads these files as the reconciler would.
  it.each(['eu', 'everything'] as const)(
    'is given the settings that stand in ci/cluster-settings.%s.json',
    async (variant) => {
      const configMap = byKind(await render(variant), 'ConfigMap').find(({ data }) => data?.['cluster-settings.json']);
      const golden = readFileSync(path.join(chartFolder, `ci/cluster-settings.${variant}.json`), 'utf8');
      expect(JSON.parse(configMap?.data?.['cluster-settings.json'] ?? '')).toEqual(JSON.parse(golden));
    },
  );

  it('shares its settings with core-api, for dry runs, and none of its rights', async () => {
    const told = async (variant: 'eu' | 'two-regions', name: string) => {
      const template = podTemplate(one(await render(variant), 'Deployment', name))!;
      const volumes = template.spec['volumes'] as { name: string; configMap?: { name: string } }[];
      return {
        file: volumes.find((volume) => volume.name === 'cluster-settings')?.configMap?.name,
        variables: template.spec.containers[0]!.env?.filter(({ name: variable }) =>
          /^(PLATFORM|CLUSTER_SETTINGS_FILE)$/.test(variable),
        ).map(({ name: variable }) => variable),
      };
    };
    const shared = { file: 'bp-biplane-reconciler', variables: ['PLATFORM', 'CLUSTER_SETTINGS_FILE'] };
    expect(await told('eu', 'bp-biplane-core-api')).toEqual(shared);
    expect(await told('eu', 'bp-biplane-reconciler')).toEqual(shared);
    expect(await told('two-regions', 'bp-biplane-core-api')).toEqual({ file: undefined, variables: [] });
  });

  it('has exactly the rights of the rules file, and is bound to its own ServiceAccount', async () => {
    const manifests = await render('eu');
    const rules = JSON.parse(readFileSync(path.join(chartFolder, 'files/reconciler-rules.json'), 'utf8')) as unknown[];
    expect(byKind(manifests, 'ClusterRole').map((role) => role.rules)).toEqual([rules]);
    expect(byKind(manifests, 'Role')).toEqual([]);
    expect(podTemplate(one(manifests, 'Deployment', 'bp-biplane-reconciler'))?.spec['serviceAccountName']).toBe(
      'bp-biplane-reconciler',
    );
  });

  it('is not there where there are no dedicated homes, nor is any right', async () => {
    const kinds = (await render('two-regions')).map(({ kind }) => kind);
    expect(kinds.filter((kind) => /Role|ServiceAccount/.test(kind))).toEqual([]);
  });
});
