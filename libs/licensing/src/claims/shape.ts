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

/** Pointers are relative to the value: what is good, which nearly all is, writes none. */
export type Shape = (value: unknown, unknown: UnknownMembers) => readonly ShapeProblem[];

const NONE: readonly ShapeProblem[] = [];
const wrong = (detail: string): readonly ShapeProblem[] => [{ pointer: '', detail }];
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** What was found in a member, as problems of its parent. */
function addBelow(problems: ShapeProblem[], key: string | number, found: readonly ShapeProblem[]): void {
  for (const { pointer, detail } of found)
    problems.push({ pointer: `/${escapePointer(String(key))}${pointer}`, detail });
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(pattern: RegExp, what: string): Shape {
  return (value) => (typeof value === 'string' && pattern.test(value) ? NONE : wrong(`must be ${what}`));
}

export function literal(...allowed: readonly (string | null)[]): Shape {
  return (value) =>
    (allowed as readonly unknown[]).includes(value) ? NONE : wrong(`must be one of ${allowed.map(String).join(', ')}`);
}

export const bool: Shape = (value) => (typeof value === 'boolean' ? NONE : wrong('must be true or false'));

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? NONE
      : wrong(`must be a whole number from ${min} to ${max}`);
}

/** Strictly what `Date.prototype.toISOString` writes: one instant has one spelling, so equal documents have equal bytes. */
export const instant: Shape = (value) => {
  const millis = typeof value === 'string' && value.length === 24 ? Date.parse(value) : NaN;
  return Number.isNaN(millis) || new Date(millis).toISOString() !== value
    ? wrong('must be an instant like 2026-04-01T00:00:00.000Z')
    : NONE;
};

export function list(of: Shape, maxItems: number): Shape {
  return (value, unknown) => {
    if (!Array.isArray(value)) return wrong('must be a list');
    if (value.length > maxItems) return wrong(`must have at most ${maxItems} items`);
    const problems: ShapeProblem[] = [];
    value.forEach((item, index) => addBelow(problems, index, of(item, unknown)));
    return problems;
  };
}

export function map(keys: RegExp, of: Shape, maxEntries: number): Shape {
  return (value, unknown) => {
    if (!isPlainObject(value)) return wrong('must be an object');
    const entries = Object.entries(value);
    if (entries.length > maxEntries) return wrong(`must have at most ${maxEntries} entries`);
    const problems: ShapeProblem[] = [];
    for (const [key, item] of entries) {
      addBelow(problems, key, keys.test(key) ? of(item, unknown) : wrong('has a key that is not allowed'));
    }
    return problems;
  };
}

export function object(required: Record<string, Shape>, optional: Record<string, Shape> = {}): Shape {
  const requiredMembers = Object.entries(required);
  const optionalMembers = Object.entries(optional);
  return (value, unknown) => {
    if (!isPlainObject(value)) return wrong('must be an object');
    const problems: ShapeProblem[] = [];
    for (const [key, shape] of requiredMembers) {
      addBelow(problems, key, Object.hasOwn(value, key) ? shape(value[key], unknown) : wrong('is missing'));
    }
    for (const [key, shape] of optionalMembers) {
      if (Object.hasOwn(value, key)) addBelow(problems, key, shape(value[key], unknown));
    }
    if (unknown === 'refuse') {
      for (const key of Object.keys(value)) {
        if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key)) {
          addBelow(problems, key, wrong('is not known'));
        }
      }
    }
    return problems;
  };
}
