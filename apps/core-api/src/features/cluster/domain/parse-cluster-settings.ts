import { err, ok, parseRegionCode, type RegionCode, type Result } from '@biplane/kernel';
import { importRootPublicKey } from '@biplane/licensing';
import type {
  ClusterSettings,
  EgressRule,
  HttpRouteSettings,
  IngressSettings,
  NetworkPeer,
} from './cluster-settings.js';
import {
  isMembers,
  like,
  listOf,
  mapOf,
  membersOf,
  oneOf,
  optional,
  text,
  whole,
  withDefault,
  type Field,
} from './fields.js';
import { isHostName, isLabelValue } from './names.js';
import { DRAIN_SECONDS, PRE_STOP_SECONDS } from './objects/deployment.js';
import { isMoreQuantity, quantityMistake } from './quantity.js';

const hostName = text((value) => (isHostName(value) ? null : 'must be a host name'));
const name = like(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'the name of an object');
const port = whole(1, 65_535);
/** A label or an annotation, with or without a prefix. */
const KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const labels = mapOf(
  KEY,
  text((value) => (isLabelValue(value) ? null : 'must be the value of a label')),
  1,
  20,
);

/** IPv4 or IPv6 with its prefix length, roughly: the API server checks the rest. */
const CIDR =
  /^(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}\/(?:3[0-2]|[12]?[0-9])|[0-9a-f:]{2,39}\/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))$/;

const PROXY =
  /^(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:\/(?:3[0-2]|[12][0-9]|[1-9]))?|[0-9a-f]*:[0-9a-f:.]+(?:\/(?:12[0-8]|1[01][0-9]|[1-9][0-9]?))?)$/;
const proxies = listOf(like(PROXY, 'an address like 192.0.2.7 or a network like 10.0.0.0/8'), 0, 50);

const peer: Field<NetworkPeer> = membersOf<NetworkPeer>(
  {
    cidr: optional(like(CIDR, 'a block of addresses like 10.0.0.0/8')),
    namespaceLabels: optional(labels),
    podLabels: optional(labels),
  },
  ({ cidr, namespaceLabels, podLabels }) =>
    (cidr === undefined) === (namespaceLabels === undefined && podLabels === undefined)
      ? ['must have either cidr or labels']
      : [],
);
const peers = listOf(peer, 1, 20);
const peersIfAny = listOf(peer, 0, 20);
const egressRule: Field<EgressRule> = membersOf<EgressRule>({ peers, ports: listOf(port, 1, 20) });

const CLUSTER_DNS: EgressRule = {
  peers: [{ namespaceLabels: { 'kubernetes.io/metadata.name': 'kube-system' }, podLabels: { 'k8s-app': 'kube-dns' } }],
  ports: [53],
};

const ingress: Field<IngressSettings> = membersOf<IngressSettings>({
  kind: oneOf(['ingress']),
  className: name,
  tls: withDefault<IngressSettings['tls']>(oneOf(['controller', 'issued', 'none']), 'controller'),
  annotations: withDefault<Readonly<Record<string, string>>>(mapOf(KEY, text(annotationMistake), 0, 50), {}),
});
const httpRoute: Field<HttpRouteSettings> = membersOf<HttpRouteSettings>({
  kind: oneOf(['httproute']),
  gateway: membersOf<HttpRouteSettings['gateway']>({ namespace: name, name, sectionName: optional(name) }),
});
const route: Field<IngressSettings | HttpRouteSettings> = (value, path, mistakes) =>
  isMembers(value) && value['kind'] === 'httproute' ? httpRoute(value, path, mistakes) : ingress(value, path, mistakes);

function annotationMistake(value: string): string | null {
  return value.length <= 4096 ? null : 'must have at most 4096 characters';
}

/** What preStop and the drain take, and a second to end. */
const GRACE_SECONDS_MIN = PRE_STOP_SECONDS + DRAIN_SECONDS + 1;

const cpu = text((value) => quantityMistake('cpu', value));
const memory = text((value) => quantityMistake('memory', value));
const amounts = membersOf({ cpu, memory });
const resources: Field<ClusterSettings['resources']> = membersOf<ClusterSettings['resources']>(
  { requests: amounts, limits: amounts },
  ({ requests, limits }) =>
    (['cpu', 'memory'] as const)
      .filter((what) => isMoreQuantity(requests[what], limits[what]))
      .map((what) => `asks for more ${what} than its limit`),
);

/** An http or https URL of an origin alone. Domain code has no URL parser: what this lets through a home refuses at its start. */
const ORIGIN = /^https?:\/\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;

/** What tells homes apart, or comes from elsewhere: no setting may change it. */
const RESERVED = new Set(
  ['HOME_ID', 'HOME_KIND', 'DEPLOYMENT_ID', 'REGION', 'REDIS_PREFIX', 'HOST', 'INSTANCE_ID', 'HTTP_PORT'].concat([
    ...[
      'INTERNAL_PORT',
      'ENROLLMENT_TOKEN_FILE',
      'ROOT_KEY_FILE',
      'KAFKA_BROKERS',
      'ENROLLMENT_URL',
      'LOG_LEVEL',
      'TRUSTED_PROXIES',
    ],
  ]),
);
const extraEnv: Field<Readonly<Record<string, string>>> = (value, path, mistakes) => {
  const read = mapOf(/^[A-Z][A-Z0-9_]{0,62}$/, text(annotationMistake), 0, 50)(value, path, mistakes);
  for (const each of Object.keys(read ?? {})) {
    if (RESERVED.has(each)) mistakes.push(`${path}.${each} is set by Biplane`);
    if (/PASSWORD|SECRET|TOKEN|DATABASE_URL|REDIS_URL/.test(each))
      mistakes.push(`${path}.${each} is no place for a secret`);
  }
  return read;
};

const rootKey: Field<string> = (value, path, mistakes) => {
  const key = importRootPublicKey(value);
  if (!key.ok) mistakes.push(`${path} must be the content of root.pub.json: ${key.error.detail}`);
  return JSON.stringify(value);
};

const kafkaBrokers: Field<readonly string[]> = (value, path, mistakes) => {
  const brokers = listOf(like(/^[^\s,:]+:[0-9]{1,5}$/, 'a broker like kafka.internal:9092'), 1, 50)(
    value,
    path,
    mistakes,
  );
  if (new Set(brokers).size !== (brokers ?? []).length) mistakes.push(`${path} names a broker twice`);
  return brokers;
};

const regionSettings: Field<ClusterSettings> = membersOf<ClusterSettings>(
  {
    image: like(
      /^[a-z0-9](?:[a-z0-9._:/-]{0,251}[a-z0-9])?@sha256:[0-9a-f]{64}$/,
      'an image by its digest, like registry/biplane/tenant-api@sha256:…',
    ),
    domain: hostName,
    route,
    ingressPeers: peers,
    internalPeers: withDefault<readonly NetworkPeer[]>(peersIfAny, []),
    enrollmentUrl: like(ORIGIN, 'a URL without a path, like http://tenant-api-internal.biplane:8081'),
    kafkaBrokers,
    rootKey,
    httpPort: withDefault(whole(1024, 65_535), 8080),
    internalPort: withDefault(whole(1024, 65_535), 8081),
    runAsUser: withDefault(whole(1, 2_000_000_000), 65_532),
    resources,
    replicas: withDefault(whole(1, 50), 1),
    replicasMax: withDefault(whole(1, 50), 5),
    egress: membersOf<ClusterSettings['egress']>({
      dns: withDefault(egressRule, CLUSTER_DNS),
      enrollment: egressRule,
      postgresql: egressRule,
      redis: egressRule,
      kafka: egressRule,
      mail: optional(egressRule),
    }),
    gracePeriodSeconds: withDefault(whole(GRACE_SECONDS_MIN, 3600), 45),
    logLevel: withDefault(oneOf<string>(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']), 'info'),
    trustedProxies: withDefault<readonly string[]>(proxies, []),
    extraEnv: withDefault<Readonly<Record<string, string>>>(extraEnv, {}),
  },
  ({ httpPort, internalPort, replicas, replicasMax }) => [
    ...(httpPort === internalPort ? ['has one port for both listeners'] : []),
    ...(replicas > replicasMax ? ['has more replicas than replicasMax'] : []),
  ],
);

/** Settings by region. */
export type ClusterSettingsByRegion = ReadonlyMap<RegionCode, ClusterSettings>;

/** Reads `{"regions": {"eu-1": {…}}}`; the error is all mistakes, each with its place and without its value. */
export function parseClusterSettings(json: string): Result<ClusterSettingsByRegion, readonly string[]> {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return err(['the file is not JSON']);
  }
  const mistakes: string[] = [];
  const file = membersOf<{ regions: Readonly<Record<string, ClusterSettings>> }>({
    regions: mapOf(/^[a-z](?:-?[a-z0-9]){0,31}$/, regionSettings, 1, 100),
  })(document, '', mistakes);
  if (mistakes.length > 0) return err(mistakes);
  const regions = Object.entries(file.regions).flatMap(([code, settings]) => {
    const region = parseRegionCode(code);
    return region.ok ? [[region.value, settings] as const] : [];
  });
  return ok(new Map(regions));
}
