/** Names inside a home's namespace: the same in each, as nothing else lives there. */
export const NAMES = {
  workload: 'tenant-api',
  internal: 'tenant-api-internal',
  settings: 'tenant-api-settings',
  trustRoot: 'trust-root',
  enrollment: 'enrollment',
  quota: 'home',
  limits: 'home',
  defaultDeny: 'default-deny',
  certificate: 'tenant-api-tls',
} as const;

/** Of fixed length and made from an id alone: no slug, however hostile, can name somebody else's namespace. */
export function namespaceName(homeId: string): string {
  const hex = homeId.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(hex)) throw new Error('A namespace is named after a UUID in lower case');
  return `t-${hex}`;
}

const LABEL_LENGTH_MAX = 63;
const labelShape = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const plainShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether the API server takes it as the value of a label. */
export const isLabelValue = (text: string): boolean => labelShape.test(text);

/**
 * A label value that people recognize: a plain slug as it is, anything else as what is left of it and a checksum of all of it, so
 * that different slugs stay different.
 */
export function labelValue(slug: string): string {
  if (plainShape.test(slug) && !checksumEnd.test(slug)) return slug;
  const checksum = fnv1a(slug);
  const left = slug
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LABEL_LENGTH_MAX - checksum.length - 1)
    .replace(/^-+|-+$/g, '');
  return left === '' ? checksum : `${left}-${checksum}`;
}

/** A plain slug that ends like a checksum gets one of its own: it cannot pass for another's value. */
const checksumEnd = /(?:^|-)x[0-9a-f]{16}$/;

/** FNV-1a of 64 bits over the UTF-16 units: tells slugs apart for people; nothing is trusted because of it. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return `x${hash.toString(16).padStart(16, '0')}`;
}

/** Where a home is served below its region's domain: readable, and unlike every other home's by its id. */
export function dedicatedHost(deploymentSlug: string, homeId: string, domain: string): string {
  const hex = homeId.replaceAll('-', '');
  // The last twelve digits are random; the first ones of a UUIDv7 are shared by all that were made in one minute.
  const label = `${labelValue(deploymentSlug).slice(0, 40).replace(/-+$/, '')}-${hex.slice(-12)}`;
  return `${label}.${domain}`;
}

/** A DNS name as Ingress and HTTPRoute take it: lower case, no wildcard. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => plainShape.test(part));
}
