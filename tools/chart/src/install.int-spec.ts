import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyVersion, publishPlan, ServiceClient, testCluster } from '@biplane/testing';
import { helm, helmOrThrow, type HelmResult } from './helm.js';
import { chartFolder } from './places.js';
import { prepareInstallation, type Installation } from './testing/installation.js';

// Each step starts processes; a machine that is shared by many takes minutes for what takes seconds alone.
const STEP_MS_MAX = 300_000;
const RELEASE = 'bp';

interface Items<T> {
  readonly items: readonly T[];
}
interface Named {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly deletionTimestamp?: string;
  };
}
interface Deployment extends Named {
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly availableReplicas?: number;
    readonly conditions?: readonly { type: string; status: string }[];
  };
}

interface Tested {
  readonly status: { readonly containerStatuses: readonly { state: { terminated: { message: string } } }[] };
}

/** What the home of the one deployment that there is enforces. */
async function enforcedVersion(admin: ServiceClient): Promise<number | undefined> {
  const { data } = (await admin.expect(200, 'GET', '/api/v1/deployments')) as { data: readonly { id: string }[] };
  const license = await admin.expect(200, 'GET', `/api/v1/licenses/${data[0]!.id}`);
  const [by] = (license as { enforcedBy: readonly { version: number; database: string }[] }).enforcedBy;
  return by?.version;
}

/** The chart, installed as an operator would, into a cluster that runs its pods: each test goes on where the one before it ended. */
describe('a release of the chart', () => {
  const cluster = testCluster();
  const home = mkdtempSync(path.join(tmpdir(), 'biplane-chart-'));
  const valuesFile = path.join(home, 'values.json');
  let installation: Installation;
  /** The pods after the upgrade, by component. */
  let upgraded: Map<string | undefined, string>;

  const inNamespace = (resource: string) => `/namespaces/${installation.namespace}/${resource}`;
  const release = (verb: string, ...args: string[]): Promise<HelmResult> =>
    helm([verb, RELEASE, ...args, '--namespace', installation.namespace], {
      kubeconfig: cluster.kubeconfigFile,
      home,
      timeoutMs: STEP_MS_MAX,
    });
  const withValues = ['--values', valuesFile, '--wait', '--timeout', '240s'];
  const deployments = async () =>
    (await cluster.get<Items<Deployment>>(`/apis/apps/v1${inNamespace('deployments')}`))!.items;
  const pods = async () => {
    const found = (await cluster.get<Items<Named>>(`/api/v1${inNamespace('pods')}`))!.items;
    const staying = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return new Map(staying.map(({ metadata }) => [metadata.labels?.['app.kubernetes.io/component'], metadata.name]));
  };
  const expectSuccess = ({ code, stdout, stderr }: HelmResult) => {
    if (code !== 0) throw new Error(`helm ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  /** core-api at the address of its Service, as the cluster gave it. */
  const core = async (): Promise<ServiceClient> => {
    const service = await cluster.get<{ spec: { clusterIP: string } }>(`/api/v1${inNamespace('services/bp-core-api')}`);
    return new ServiceClient(`http://${service!.spec.clusterIP}`, installation.admin);
  };

  beforeAll(async () => {
    installation = await prepareInstallation(cluster);
    writeFileSync(valuesFile, JSON.stringify(installation.values));
  });
  afterAll(async () => {
    if (installation) {
      await release('uninstall', '--ignore-not-found', '--wait', '--timeout', '240s');
      await cluster.close();
      await installation.close();
    }
    rmSync(home, { recursive: true, force: true });
  }, STEP_MS_MAX);

  it(
    'is migrated, has its topics, and every Deployment of it becomes Available',
    async () => {
      expectSuccess(await release('install', chartFolder, ...withValues));
      const found = await deployments();
      expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(
        ['bp-core-api', 'bp-reconciler', `bp-tenant-api-${installation.region}`].sort(),
      );
      for (const { status, spec } of found) {
        expect(status.availableReplicas).toBe(spec.replicas);
        expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Available', status: 'True' }));
      }
      expect((await cluster.get<Items<Named>>(`/apis/batch/v1${inNamespace('jobs')}`))!.items).toEqual([]);
    },
    STEP_MS_MAX,
  );

  it(
    '27: fails helm test, and says why, until a region is described',
    async () => {
      expect((await release('test', '--timeout', '240s')).code).not.toBe(0);
      const pod = await cluster.get<Tested>(`/api/v1${inNamespace('pods/bp-helm-test')}`);
      expect(pod!.status.containerStatuses[0]!.state.terminated.message).toContain(
        `/regions/${installation.region}: 404 REGION.`,
      );
    },
    STEP_MS_MAX,
  );

  it(
    '27: passes helm test when a license went to the home and back, as often as it is run',
    async () => {
      const admin = await core();
      await admin.expect(201, 'POST', '/api/v1/licenses/keys', installation.signingKey);
      await admin.expect(200, 'PUT', `/api/v1/regions/${installation.region}`, {
        residency: 'eu',
        pools: [{ homeId: installation.homeId, url: 'https://members.example' }],
        thresholds: { members: 500, storageGb: '500', requestsPerDay: '1000000' },
        isolatingCompliance: [],
        domain: 'homes.example',
      });
      const probe = {
        code: 'probe',
        name: 'Probe',
        tier: 'standard',
        rank: 1,
        description: 'Costs nothing.',
        version: emptyVersion,
      };
      await publishPlan(admin, probe);
      for (const version of [2, 3]) {
        expectSuccess(await release('test', '--timeout', '240s'));
        expect(await enforcedVersion(admin)).toBe(version);
      }
      const { data } = (await admin.expect(200, 'GET', '/api/v1/tenants')) as { data: object[] };
      expect(data).toHaveLength(1);
    },
    STEP_MS_MAX,
  );

  it(
    'rolls what an upgrade changes and nothing else',
    async () => {
      const before = await pods();
      expectSuccess(
        await release('upgrade', chartFolder, ...withValues, '--set', 'coreApi.podAnnotations.changed=yes'),
      );
      upgraded = await pods();
      expect(upgraded.get('core-api')).not.toBe(before.get('core-api'));
      expect(upgraded.get('tenant-api')).toBe(before.get('tenant-api'));
    },
    STEP_MS_MAX,
  );

  it(
    'is rolled back to what was there, over the data that is there',
    async () => {
      expectSuccess(await release('rollback', '1', '--wait', '--timeout', '240s'));
      expect((await pods()).get('core-api')).not.toBe(upgraded.get('core-api'));
      const { data } = (await (await core()).expect(200, 'GET', '/api/v1/tenants')) as { data: object[] };
      expect(data).toHaveLength(1);
    },
    STEP_MS_MAX,
  );

  it(
    'leaves nothing behind when it is uninstalled',
    async () => {
      expectSuccess(await release('uninstall', '--wait', '--timeout', '240s'));
      const ours = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${RELEASE}`)}`;
      const kinds: Record<string, readonly string[]> = {
        '/api/v1': ['pods', 'services', 'configmaps', 'serviceaccounts', 'secrets'],
        '/apis/apps/v1': ['deployments', 'replicasets'],
        '/apis/batch/v1': ['jobs'],
        '/apis/networking.k8s.io/v1': ['networkpolicies', 'ingresses'],
        '/apis/policy/v1': ['poddisruptionbudgets'],
        '/apis/autoscaling/v2': ['horizontalpodautoscalers'],
      };
      for (const [group, resources] of Object.entries(kinds)) {
        for (const resource of resources) {
          const at = `${group}${inNamespace(resource)}?${ours}`;
          await cluster.waitForObject<Items<Named>>(`no ${resource}`, at, (list) => list?.items.length === 0);
        }
      }
      const roles = await cluster.get<Items<Named>>('/apis/rbac.authorization.k8s.io/v1/clusterroles');
      expect(roles!.items.filter(({ metadata }) => metadata.name.startsWith(installation.namespace))).toEqual([]);
      expect(
        await helmOrThrow(['list', '--all', '--short', '--namespace', installation.namespace], {
          kubeconfig: cluster.kubeconfigFile,
          home,
        }),
      ).toBe('');
    },
    STEP_MS_MAX,
  );
});
