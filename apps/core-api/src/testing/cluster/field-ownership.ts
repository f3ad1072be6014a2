import { listKeys, type KubernetesObject, type ManagedFields } from '../../features/cluster/index.js';

type Members = Record<string, unknown>;

/** A leaf of an object by the segments of its path, as the API server writes them in managedFields: `f:name`, `k:{"name":"x"}`. */
export type Leaves = ReadonlyMap<string, unknown>;

const BETWEEN = '\n';
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What managers own of an object: not its identity, and not what the server keeps. */
function ownable({ apiVersion: _, kind: __, metadata, status: ___, ...rest }: KubernetesObject): Members {
  const { labels, annotations } = metadata;
  return { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) }, ...rest };
}

export function leavesOf(object: KubernetesObject): Leaves {
  const leaves = new Map<string, unknown>();
  const walk = (value: unknown, path: string, segments: readonly string[]): void => {
    const keys = Array.isArray(value) ? listKeys(path) : null;
    if (Array.isArray(value) && keys !== null) {
      for (const item of value as Members[]) walk(item, path, [...segments, itemSegment(item, keys)]);
    } else if (isMembers(value) && Object.keys(value).length > 0) {
      for (const [name, inner] of Object.entries(value)) {
        walk(inner, path === '' ? name : `${path}.${name}`, [...segments, `f:${name}`]);
      }
    } else if (segments.length > 0 && segments.join('') !== 'f:metadata') {
      leaves.set(segments.join(BETWEEN), value);
    }
  };
  walk(ownable(object), '', []);
  return leaves;
}

const itemSegment = (item: Members, keys: readonly string[]): string =>
  `k:${JSON.stringify(Object.fromEntries(keys.filter((key) => key in item).map((key) => [key, item[key]])))}`;

function itemOf(list: unknown[], segment: string, make: boolean): Members | undefined {
  const key = JSON.parse(segment.slice(2)) as Members;
  const found = list.find(
    (item): item is Members => isMembers(item) && Object.entries(key).every(([name, value]) => item[name] === value),
  );
  if (found !== undefined || !make) return found;
  const made = { ...key };
  list.push(made);
  return made;
}

export function setLeaf(object: Members, leaf: string, value: unknown): void {
  const segments = leaf.split(BETWEEN);
  let at: unknown = object;
  segments.forEach((segment, index) => {
    if (segment.startsWith('k:')) {
      at = itemOf(at as unknown[], segment, true);
      return;
    }
    const members = at as Members;
    const name = segment.slice(2);
    if (index === segments.length - 1) members[name] = structuredClone(value);
    else members[name] ??= segments[index + 1]!.startsWith('k:') ? [] : {};
    at = members[name];
  });
}

/** Takes a leaf out, and what is empty without it. */
export function deleteLeaf(object: Members, leaf: string): void {
  const drop = (at: unknown, segments: readonly string[]): void => {
    const [segment = '', ...rest] = segments;
    if (segment.startsWith('k:')) {
      if (!Array.isArray(at)) return;
      const item = itemOf(at, segment, false);
      if (item === undefined) return;
      drop(item, rest);
      if (Object.keys(item).length === 0) at.splice(at.indexOf(item), 1);
      return;
    }
    if (!isMembers(at)) return;
    const name = segment.slice(2);
    if (rest.length === 0) delete at[name];
    else {
      drop(at[name], rest);
      const left = at[name];
      if (left !== undefined && Object.keys(left as object).length === 0) delete at[name];
    }
  };
  drop(object, leaf.split(BETWEEN));
}

/** Removes what a JSON pointer names. */
export function deletePointer(object: Members, pointer: string): void {
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop() ?? '';
  const parent = names.reduce<unknown>((at, name) => (at as Members | undefined)?.[name], object);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isMembers(parent)) delete parent[last];
}

export function managedFieldsOf(manager: string, operation: string, leaves: ReadonlySet<string>): ManagedFields {
  const fieldsV1: Members = {};
  for (const leaf of leaves) {
    let at = fieldsV1;
    for (const segment of leaf.split(BETWEEN)) at = (at[segment] ??= {}) as Members;
  }
  return { manager, operation, fieldsV1 };
}

/** As the API server names a field in a conflict. */
export const shownLeaf = (leaf: string): string =>
  leaf
    .split(BETWEEN)
    .map((segment) => (segment.startsWith('f:') ? `.${segment.slice(2)}` : `[${segment.slice(2)}]`))
    .join('');
