import { generateKeyPairSync, randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { createKey, createRoot, publicPartOf, type SigningKeyFile } from '@biplane/ceremony';
import { requiredVariable, testKafka, type TestCluster, type TestKafka } from '@biplane/testing';
import { Databases } from './databases.js';

export interface Installation {
  readonly namespace: string;
  readonly region: string;
  readonly homeId: string;
  readonly admin: { readonly clientId: string; readonly clientSecret: string };
  readonly signingKey: SigningKeyFile;
  readonly databases: Databases;
  /** The values of the chart: helm reads JSON as YAML. */
  readonly values: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** What has to be there before `helm install`: servers with their users and rules, a namespace, and every Secret. */
export async function prepareInstallation(cluster: TestCluster): Promise<Installation> {
  const hex = randomBytes(4).toString('hex');
  const namespace = `chart-${hex}`;
  const kafka = await testKafka();
  const homeId = randomUUID();
  const databases = await Databases.create(`chart_core_${hex}`, homeId);
  const root = createRoot();
  const admin = { clientId: 'helm-test', clientSecret: randomBytes(18).toString('base64url') };
  await cluster.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: { 'biplane.dev/platform': cluster.platform, 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
  });
  for (const [name, content] of Object.entries(secrets(kafka, databases, admin))) {
    await cluster.create(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      stringData: content,
    });
  }
  const rootKey = JSON.stringify(publicPartOf(root));
  return {
    namespace,
    region: kafka.region,
    homeId,
    admin,
    signingKey: createKey(root, {
      kid: `chart-${hex}`,
      notBefore: new Date(Date.now() - YEAR_MS),
      notAfter: new Date(Date.now() + YEAR_MS),
    }),
    databases,
    values: valuesOf({ kafka, databases, homeId, rootKey, hex, platform: cluster.platform }),
    close: async () => {
      await databases.drop();
      await kafka.close();
    },
  };
}

function secrets(
  kafka: TestKafka,
  databases: Databases,
  admin: Installation['admin'],
): Record<string, Record<string, string>> {
  const password = (user: 'core' | 'home' | 'topics') => kafka.connection(user).password ?? '';
  const files = (clients: readonly object[]) => ({
    'clients.json': JSON.stringify(clients),
    'token.pem': generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    'field-keys.json': JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString('base64') } }),
  });
  const issuer = { code: 'BP', name: 'Chart', address: ['1 Runway Road'], timeZone: 'UTC', payment: ['Bank'] };
  return {
    kafka: { core: password('core'), topics: password('topics'), 'home-eu-1': password('home') },
    'core-database': { url: databases.urls.core },
    'core-owner': { url: databases.urls.coreOwner },
    'core-files': {
      ...files([
        {
          id: admin.clientId,
          secretHash: hashed(admin.clientSecret),
          scopes: ['platform:admin', 'platform:read'],
        },
      ]),
      'issuer.json': JSON.stringify({ ...issuer, taxId: 'AU 51 824 753 556' }),
    },
    'home-database': { url: databases.urls.home },
    'home-owner': { url: databases.urls.homeOwner },
    provisioner: { url: databases.urls.provisioner },
    redis: { url: requiredVariable('TEST_REDIS_URL') },
    'home-files': files([]),
    'helm-test': { ...admin },
  };
}

function valuesOf(of: {
  kafka: TestKafka;
  databases: Databases;
  homeId: string;
  rootKey: string;
  hex: string;
  platform: string;
}): Record<string, unknown> {
  return {
    fullnameOverride: 'bp',
    // No registry is asked: the node runs what is built here.
    image: { tenantApi: { digest: `sha256:${'0'.repeat(64)}` } },
    kafka: {
      brokers: requiredVariable('TEST_KAFKA_BROKERS').split(','),
      replicationFactor: 1,
      minInSyncReplicas: 1,
      existingSecret: 'kafka',
    },
    rootKey: of.rootKey,
    coreApi: {
      replicas: 1,
      runtimeRole: of.databases.coreRole,
      consumerGroup: `core-api.chart-${of.hex}`,
      existingSecrets: {
        database: 'core-database',
        databaseOwner: 'core-owner',
        clients: 'core-files',
        tokenKey: 'core-files',
        fieldKeys: 'core-files',
        issuer: 'core-files',
      },
    },
    reconciler: { replicas: 1, platform: of.platform },
    tenantApi: { replicas: 1 },
    regions: {
      [of.kafka.region]: {
        homeId: of.homeId,
        kafkaUser: 'home-eu-1',
        dedicatedHomes: { domain: 'homes.example' },
        existingSecrets: {
          database: 'home-database',
          databaseOwner: 'home-owner',
          provisioner: 'provisioner',
          redis: 'redis',
          clients: 'home-files',
          tokenKey: 'home-files',
          fieldKeys: 'home-files',
        },
      },
    },
    helmTest: { existingSecret: 'helm-test', plan: 'probe', timeoutSeconds: 60 },
  };
}

/** As service-kit reads it: `scrypt$<N>$<salt>$<hash>`. */
function hashed(secret: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(secret, salt, 32, { N: 16_384, r: 8, p: 1 });
  return `scrypt$16384$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}
