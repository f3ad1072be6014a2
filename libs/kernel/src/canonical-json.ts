/** Deeper values are hostile or cyclic. */
const MAX_DEPTH = 64;

/**
 * One text for one value, for hashes: keys sorted by code unit, no spaces, bigints as strings, instants as RFC 3339,
 * members that are `undefined` left out. A value that JSON cannot carry (a function, NaN, a hole) is a bug and throws.
 */
export function canonicalJson(value: unknown): string {
  return serialize(value, 0);
}

function serialize(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new Error('canonicalJson: the value is nested too deeply');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'bigint':
      return `"${value}"`;
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`canonicalJson: ${value} is not a JSON number`);
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : serializeObject(value, depth);
    default:
      throw new Error(`canonicalJson: cannot carry a ${typeof value}`);
  }
}

function serializeObject(value: object, depth: number): string {
  if (value instanceof Date) return `"${value.toISOString()}"`;
  if (Array.isArray(value)) return serializeArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Error('canonicalJson: only plain objects');
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  // Sorted by code unit: what `sort` does when nothing is said.
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${serialize(member, depth + 1)}`;
  }
  return `{${text}}`;
}

function serializeArray(items: readonly unknown[], depth: number): string {
  let text = '';
  // By index: a hole is met as `undefined`, which JSON cannot carry.
  for (let index = 0; index < items.length; index += 1) {
    text += `${index === 0 ? '' : ','}${serialize(items[index], depth + 1)}`;
  }
  return `[${text}]`;
}
