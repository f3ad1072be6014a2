import type { V1Container, V1ConfigMap, V1EnvVar, V1Pod, V1Secret } from '@kubernetes/client-node';

/** What a container's environment may refer to. */
export interface References {
  configMap(name: string): V1ConfigMap | null;
  secret(name: string): V1Secret | null;
  readonly podIp: string;
  readonly hostIp: string;
}

/** Something that a container needs is not there (yet): what Kubernetes calls CreateContainerConfigError. */
export class ConfigurationMissing extends Error {}

/** The variables of a container, as the kubelet makes them: `envFrom` first, then `env` in order, with `$(NAME)`. */
export function resolveEnvironment(container: V1Container, pod: V1Pod, refer: References): Record<string, string> {
  const values: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    const from = source.configMapRef
      ? configMapValues(source.configMapRef.name ?? '', source.configMapRef.optional, refer)
      : secretValues(source.secretRef?.name ?? '', source.secretRef?.optional, refer);
    for (const [name, value] of Object.entries(from)) values[`${prefix}${name}`] = value;
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? referred(variable.valueFrom, container, pod, refer)
      : expand(variable.value ?? '', values);
    if (value !== null) values[variable.name] = value;
  }
  return values;
}

/** `$(NAME)` of a known name becomes its value, `$$` a dollar; an unknown name stays as it is. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    return name !== undefined && Object.hasOwn(values, name) ? (values[name] ?? '') : whole;
  });
}

export function secretBytes(
  name: string,
  optional: boolean | undefined,
  refer: Pick<References, 'secret'>,
): Record<string, Buffer> {
  const secret = refer.secret(name);
  if (!secret && !optional) throw new ConfigurationMissing(`secret "${name}" not found`);
  const bytes = (values: Record<string, string> | undefined, encoding: 'base64' | 'utf8') =>
    Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)] as const);
  // `stringData` is what a client sends; a folder of recorded objects has it as it was sent.
  return Object.fromEntries([...bytes(secret?.data, 'base64'), ...bytes(secret?.stringData, 'utf8')]);
}

function secretValues(...of: Parameters<typeof secretBytes>): Record<string, string> {
  return Object.fromEntries(Object.entries(secretBytes(...of)).map(([key, value]) => [key, value.toString('utf8')]));
}

export function configMapValues(
  name: string,
  optional: boolean | undefined,
  refer: Pick<References, 'configMap'>,
): Record<string, string> {
  const found = refer.configMap(name);
  if (!found && !optional) throw new ConfigurationMissing(`configmap "${name}" not found`);
  return found?.data ?? {};
}

function referred(
  from: NonNullable<V1EnvVar['valueFrom']>,
  container: V1Container,
  pod: V1Pod,
  refer: References,
): string | null {
  if (from.fieldRef) return fieldOf(from.fieldRef.fieldPath, pod, refer);
  if (from.resourceFieldRef) return resourceOf(from.resourceFieldRef.resource, container);
  const key = from.secretKeyRef ?? from.configMapKeyRef;
  if (!key) throw new ConfigurationMissing('a variable names no source');
  const values = from.secretKeyRef
    ? secretValues(key.name ?? '', key.optional, refer)
    : configMapValues(key.name ?? '', key.optional, refer);
  const value = values[key.key];
  if (value !== undefined) return value;
  if (key.optional) return null;
  throw new ConfigurationMissing(`couldn't find key ${key.key} in "${key.name}"`);
}

/** The paths that the downward API has. */
export function fieldOf(fieldPath: string, pod: V1Pod, refer: Pick<References, 'podIp' | 'hostIp'>): string {
  const { metadata, spec } = pod;
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (entry) return metadata?.[entry[1] as 'labels' | 'annotations']?.[entry[2] ?? ''] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata?.name,
    'metadata.namespace': metadata?.namespace,
    'metadata.uid': metadata?.uid,
    'metadata.labels': keyed(metadata?.labels),
    'metadata.annotations': keyed(metadata?.annotations),
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.podIP': refer.podIp,
    'status.podIPs': refer.podIp,
    'status.hostIP': refer.hostIp,
  };
  const value = fields[fieldPath];
  if (value === undefined) throw new ConfigurationMissing(`the field ${fieldPath} is not known`);
  return value;
}

function resourceOf(resource: string, container: V1Container): string {
  const [kind = '', name = ''] = resource.split('.');
  const quantity = kind === 'limits' ? container.resources?.limits?.[name] : container.resources?.requests?.[name];
  return wholeQuantity(quantity ?? '0');
}

const FACTORS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 };

/** As the downward API gives it: whole cores, rounded up, and bytes. */
function wholeQuantity(quantity: string): string {
  const [, digits = '0', unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return String(Math.ceil(unit === 'm' ? Number(digits) / 1000 : Number(digits) * (FACTORS[unit] ?? 1)));
}

function keyed(values: Record<string, string> | undefined): string {
  return Object.entries(values ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
