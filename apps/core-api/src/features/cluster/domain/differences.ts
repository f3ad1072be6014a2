import type { KubernetesObject } from './kubernetes-object.js';
import { forgottenFields } from './forgotten-fields.js';
import { EMPTY_OF_OURS, isClosed, isClosedMember, listKeys } from './list-keys.js';

export interface Differences {
  /** Paths of our fields that are missing or other than desired. */
  readonly fields: readonly string[];
  /** JSON pointers of what others added where everything is ours; the last one of a list first, so that none moves another. */
  readonly strangers: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const escapePointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');

/** Labels and annotations under this name are ours alone. */
const OWN_PREFIX = 'biplane.dev/';

interface Place {
  /** As list rules know it: without positions. */
  readonly path: string;
  /** As people read it. */
  readonly shown: string;
  /** Where it stands in what was observed. */
  readonly pointer: string;
  /** An item is known by the path of its list, which says nothing about the item's members. */
  readonly isItem: boolean;
}

const memberOf = ({ path, shown, pointer }: Place, name: string): Place => ({
  path: `${path}.${name}`,
  shown: `${shown}.${name}`,
  pointer: `${pointer}/${escapePointer(name)}`,
  isItem: false,
});

const itemOf = ({ path, shown, pointer }: Place, index: number, key: string): Place => ({
  path,
  shown: `${shown}[${key}]`,
  pointer: `${pointer}/${index}`,
  isItem: true,
});

class Comparison {
  readonly fields: string[] = [];
  readonly strangers: string[] = [];

  constructor(private readonly kind: string) {}

  compare(desired: unknown, observed: unknown, place: Place): void {
    if (isMembers(desired)) this.compareMembers(desired, observed, place);
    else if (Array.isArray(desired)) this.compareList(desired, observed, place);
    // The API server leaves out what is empty.
    else if (desired !== observed && !(desired === '' && observed === undefined)) this.fields.push(place.shown);
  }

  private compareMembers(desired: Members, observed: unknown, place: Place): void {
    const found = observed ?? {};
    if (!isMembers(found)) {
      this.fields.push(place.shown);
      return;
    }
    for (const [name, value] of Object.entries(desired)) this.compare(value, found[name], memberOf(place, name));
    const { path, isItem } = place;
    const isMarked = path === 'metadata.labels' || path === 'metadata.annotations';
    for (const name of Object.keys(found)) {
      if (name in desired) continue;
      const isStrange = isItem
        ? isClosedMember(this.kind, path, name)
        : isClosed(this.kind, path) || (isMarked && name.startsWith(OWN_PREFIX));
      if (isStrange) this.strangers.push(memberOf(place, name).pointer);
    }
  }

  private compareList(desired: unknown[], observed: unknown, place: Place): void {
    const found: unknown[] = Array.isArray(observed) ? observed : [];
    const keys = listKeys(place.path);
    if (keys === null) this.compareWhole(desired, found, place);
    else this.compareItems(desired, found, keys, place);
  }

  /** A list that is replaced whole: of its length, and each item with what we set in it. */
  private compareWhole(desired: unknown[], found: unknown[], place: Place): void {
    if (desired.length !== found.length) {
      this.fields.push(place.shown);
      return;
    }
    desired.forEach((item, index) => this.compare(item, found[index], itemOf(place, index, String(index))));
  }

  private compareItems(desired: unknown[], found: unknown[], keys: readonly string[], place: Place): void {
    const keyOf = (item: unknown): string => keys.map((key) => String((item as Members)[key])).join('/');
    const positions = new Map(found.map((item, index) => [keyOf(item), index]));
    for (const item of desired) {
      const key = keyOf(item);
      const index = positions.get(key);
      if (index === undefined) this.fields.push(`${place.shown}[${key}]`);
      else this.compare(item, found[index], itemOf(place, index, key));
      positions.delete(key);
    }
    if (!isClosed(this.kind, place.path)) return;
    for (const index of [...positions.values()].sort((left, right) => right - left)) {
      this.strangers.push(`${place.pointer}/${index}`);
    }
  }
}

const valueAt = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (isMembers(value) ? value[name] : undefined), object);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || Object.keys(value as object).length === 0;

/**
 * What is other than desired, looking only at the fields that we set and at the places that are wholly ours. What the API server,
 * controllers and other managers keep elsewhere in the object is theirs.
 */
export function differences(desired: KubernetesObject, observed: KubernetesObject): Differences {
  const comparison = new Comparison(desired.kind);
  const { labels = {}, annotations = {} } = desired.metadata;
  const own = { ...desired, apiVersion: undefined, kind: undefined, metadata: { labels, annotations } };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined) {
      comparison.compare(value, observed[name], { path: name, shown: name, pointer: `/${name}`, isItem: false });
    }
  }
  const intruders = (EMPTY_OF_OURS[desired.kind] ?? [])
    .filter((path) => isEmpty(valueAt(desired, path)) && !isEmpty(valueAt(observed, path)))
    .map((path) => `/${path.replaceAll('.', '/')}`)
    .filter((pointer) => !comparison.strangers.some((found) => found === pointer || found.startsWith(`${pointer}/`)));
  const gone = forgottenFields(desired, observed).filter((path) => !comparison.fields.includes(path));
  return { fields: [...comparison.fields, ...gone], strangers: [...comparison.strangers, ...intruders] };
}
