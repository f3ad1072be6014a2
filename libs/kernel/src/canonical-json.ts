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
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value)) return `[${Array.from(value, (item) => serialize(item, depth + 1)).join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Error('canonicalJson: only plain objects');
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${serialize(member, depth + 1)}`).join(',')}}`;
}
