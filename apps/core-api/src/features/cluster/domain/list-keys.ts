// How the API server merges lists, for the fields that Biplane sets. A path leaves out positions: `containers.env`.

/** Lists that are merged item by item: the members that name an item. All other lists are replaced whole. */
const KEYED: readonly (readonly [path: RegExp, keys: readonly string[]])[] = [
  [/(^|\.)containers$/, ['name']],
  [/\.containers\.env$/, ['name']],
  [/\.containers\.ports$/, ['containerPort', 'protocol']],
  [/\.containers\.volumeMounts$/, ['mountPath']],
  [/\.volumes$/, ['name']],
  [/\.topologySpreadConstraints$/, ['topologyKey', 'whenUnsatisfiable']],
  [/^spec\.ports$/, ['port', 'protocol']],
];

export function listKeys(path: string): readonly string[] | null {
  return KEYED.find(([shape]) => shape.test(path))?.[1] ?? null;
}

/**
 * Lists and maps that are wholly ours: what somebody else put into them is drift as well, though no apply of ours would take it
 * out. Labels and annotations are not among them: roll-outs, tools and people leave notes there.
 */
const CLOSED: Readonly<Record<string, readonly RegExp[]>> = {
  Deployment: [
    /^spec\.template\.spec\.(containers|volumes|topologySpreadConstraints)$/,
    /^spec\.template\.spec\.(initContainers|hostAliases|tolerations|nodeSelector|imagePullSecrets)$/,
    /^spec\.template\.spec\.containers\.(env|ports|volumeMounts)$/,
  ],
  ConfigMap: [/^(data|binaryData)$/],
  Secret: [/^data$/],
  Service: [/^spec\.(ports|selector)$/],
  NetworkPolicy: [
    /^spec\.podSelector\.matchLabels$/,
    /^spec\.podSelector\.matchExpressions$/,
    /^spec\.(ingress|egress)$/,
  ],
  ResourceQuota: [/^spec\.hard$/],
};

export function isClosed(kind: string, path: string): boolean {
  return CLOSED[kind]?.some((shape) => shape.test(path)) ?? false;
}

/** Members of a list's items that we never set and that would make something else of our process. */
export function isClosedMember(kind: string, path: string, name: string): boolean {
  return (
    kind === 'Deployment' &&
    path === 'spec.template.spec.containers' &&
    ['command', 'args', 'workingDir', 'volumeDevices'].includes(name)
  );
}

/** The closed lists and maps of a kind that hold nothing of ours: anything in them is somebody else's. */
export const EMPTY_OF_OURS: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['initContainers', 'hostAliases', 'tolerations', 'nodeSelector', 'imagePullSecrets'].map(
    (name) => `spec.template.spec.${name}`,
  ),
  ConfigMap: ['binaryData'],
  NetworkPolicy: ['spec.ingress', 'spec.egress', 'spec.podSelector.matchLabels', 'spec.podSelector.matchExpressions'],
};
