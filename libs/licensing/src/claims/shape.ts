/**
 * A small checker of shapes, by hand: a domain library may not import a schema package, and what is checked here is signed content
 * of at most 16 KB. Every check returns the problems it found; none throws.
 */

export interface ShapeProblem {
  /** JSON pointer. */
  readonly pointer: string;
  readonly detail: string;
}

/** `refuse` on signing, so that a typing mistake is never signed; `ignore` on reading, so that an older home reads a newer document. */
export type UnknownMembers = 'refuse' | 'ignore';

export type Shape = (value: unknown, pointer: string, unknown: UnknownMembers) => ShapeProblem[];

const wrong = (pointer: string, detail: string): ShapeProblem[] => [{ pointer, detail }];
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(pattern: RegExp, what: string): Shape {
  return (value, pointer) =>
    typeof value === 'string' && pattern.test(value) ? [] : wrong(pointer, `must be ${what}`);
}

export function literal(...allowed: readonly (string | null)[]): Shape {
  return (value, pointer) =>
    (allowed as readonly unknown[]).includes(value)
      ? []
      : wrong(pointer, `must be one of ${allowed.map(String).join(', ')}`);
}

export const bool: Shape = (value, pointer) =>
  typeof value === 'boolean' ? [] : wrong(pointer, 'must be true or false');

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return (value, pointer) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? []
      : wrong(pointer, `must be a whole number from ${min} to ${max}`);
}

/** Strictly what `Date.prototype.toISOString` writes: one instant has one spelling, so equal documents have equal bytes. */
export const instant: Shape = (value, pointer) => {
  if (typeof value !== 'string' || value.length !== 24)
    return wrong(pointer, 'must be an instant like 2026-04-01T00:00:00.000Z');
  const millis = Date.parse(value);
  return Number.isNaN(millis) || new Date(millis).toISOString() !== value
    ? wrong(pointer, 'must be an instant like 2026-04-01T00:00:00.000Z')
    : [];
};

export function list(of: Shape, maxItems: number): Shape {
  return (value, pointer, unknown) => {
    if (!Array.isArray(value)) return wrong(pointer, 'must be a list');
    if (value.length > maxItems) return wrong(pointer, `must have at most ${maxItems} items`);
    return value.flatMap((item, index) => of(item, `${pointer}/${index}`, unknown));
  };
}

export function map(keys: RegExp, of: Shape, maxEntries: number): Shape {
  return (value, pointer, unknown) => {
    if (!isPlainObject(value)) return wrong(pointer, 'must be an object');
    const entries = Object.entries(value);
    if (entries.length > maxEntries) return wrong(pointer, `must have at most ${maxEntries} entries`);
    return entries.flatMap(([key, item]) => {
      const at = `${pointer}/${escapePointer(key)}`;
      return keys.test(key) ? of(item, at, unknown) : wrong(at, 'has a key that is not allowed');
    });
  };
}

export function object(required: Record<string, Shape>, optional: Record<string, Shape> = {}): Shape {
  return (value, pointer, unknown) => {
    if (!isPlainObject(value)) return wrong(pointer, 'must be an object');
    const problems: ShapeProblem[] = [];
    for (const [key, shape] of Object.entries(required)) {
      if (Object.hasOwn(value, key)) problems.push(...shape(value[key], `${pointer}/${key}`, unknown));
      else problems.push({ pointer: `${pointer}/${key}`, detail: 'is missing' });
    }
    for (const [key, shape] of Object.entries(optional)) {
      if (Object.hasOwn(value, key)) problems.push(...shape(value[key], `${pointer}/${key}`, unknown));
    }
    if (unknown === 'refuse') {
      for (const key of Object.keys(value)) {
        if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key)) {
          problems.push({ pointer: `${pointer}/${escapePointer(key)}`, detail: 'is not known' });
        }
      }
    }
    return problems;
  };
}
