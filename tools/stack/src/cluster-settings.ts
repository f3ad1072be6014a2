import { readFile } from 'node:fs/promises';
import { writeSecret } from './secrets.js';
import { clockFile, clusterSettingsFile, rootKeyFile } from './service-specs.js';
import type { ServiceSpec, ServiceState } from './services.js';

/** The node agent runs the built tree, whatever the digest: this one says that nothing was pulled. */
const IMAGE = `biplane/tenant-api@sha256:${'0'.repeat(64)}`;

/** Everything that a dedicated home uses is a process of this machine. */
const LOOPBACK = [{ cidr: '127.0.0.0/8' }];

/** Writes CLUSTER_SETTINGS_FILE: how dedicated homes of the stack's regions are run. */
export async function writeClusterSettings(
  privateFolder: string,
  services: ServiceSpec[],
  states: ServiceState[],
  kafkaBrokers: string[],
): Promise<void> {
  const rootKey = JSON.parse(await readFile(rootKeyFile(privateFolder), 'utf8')) as unknown;
  const regions = services.flatMap(({ name, environment }) => {
    const region = environment['HOME_KIND'] === 'shared' ? environment['REGION'] : undefined;
    const enrollmentUrl = states.find((state) => state.name === name)?.internalUrl;
    if (region === undefined || !enrollmentUrl) return [];
    const to = (...urls: (string | undefined)[]) => ({ peers: LOOPBACK, ports: urls.map(portOf) });
    const settings = {
      image: IMAGE,
      domain: `${region}.example`,
      route: { kind: 'ingress', className: 'local', tls: 'none' },
      ingressPeers: LOOPBACK,
      enrollmentUrl,
      kafkaBrokers,
      rootKey,
      resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
      egress: {
        enrollment: to(enrollmentUrl),
        postgresql: to(environment['HOME_DATABASE_URL']),
        redis: to(environment['REDIS_URL']),
        kafka: to(...kafkaBrokers.map((broker) => `kafka://${broker}`)),
      },
      // The stack's Clock is moved; production refuses that.
      extraEnv: { NODE_ENV: 'development', CLOCK_FILE: clockFile(privateFolder) },
    };
    return [[region, settings]];
  });
  const content = { regions: Object.fromEntries(regions) as Record<string, unknown> };
  await writeSecret(clusterSettingsFile(privateFolder), `${JSON.stringify(content, null, 2)}\n`);
}

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? '').port);
}
