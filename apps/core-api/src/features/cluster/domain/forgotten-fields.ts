import type { KubernetesObject } from './kubernetes-object.js';
import { FIELD_MANAGER } from './labels.js';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The item of a list that `k:{"name":"HOST"}` or `v:"x"` means. */
function itemOf(list: unknown, segment: string): unknown {
  if (!Array.isArray(list)) return undefined;
  const wanted: unknown = JSON.parse(segment.slice(2));
  if (segment.startsWith('v:')) return (list as unknown[]).find((item) => item === wanted);
  return (list as unknown[]).find(
    (item) =>
      isMembers(item) && isMembers(wanted) && Object.entries(wanted).every(([name, value]) => item[name] === value),
  );
}

function walk(owned: Members, desired: unknown, path: string, gone: string[]): void {
  for (const [segment, inner] of Object.entries(owned)) {
    if (segment === '.' || !/^[fkv]:/.test(segment)) continue;
    const name = segment.slice(2);
    const isField = segment.startsWith('f:');
    const shown = isField ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`;
    const value = isField ? (isMembers(desired) ? desired[name] : undefined) : itemOf(desired, segment);
    if (value === undefined) gone.push(shown);
    else if (isMembers(inner)) walk(inner, value, shown, gone);
  }
}

/**
 * Fields that an earlier apply of ours set and that are no longer desired, by what the API server wrote down of us: the next apply
 * takes them out.
 */
export function forgottenFields(desired: KubernetesObject, observed: KubernetesObject): readonly string[] {
  const own = (observed.metadata.managedFields ?? []).find(
    ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
  );
  const gone: string[] = [];
  if (isMembers(own?.fieldsV1)) walk(own.fieldsV1, desired, '', gone);
  return gone;
}
