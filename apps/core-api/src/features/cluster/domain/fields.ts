/** Reads one value of a JSON document; what is wrong goes to `mistakes`, with its place, and the value is of no use then. */
export type Field<T> = {
  (value: unknown, path: string, mistakes: string[]): T;
  /** Taken when the member is left out. */
  readonly fallback?: { readonly value: T };
};

type Members = Readonly<Record<string, unknown>>;
type FieldsOf<T> = { readonly [Name in keyof T]: Field<T[Name]> };

const note = <T>(mistakes: string[], path: string, mistake: string): T => {
  mistakes.push(`${path} ${mistake}`);
  return undefined as T;
};

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `check` says what is wrong, or null. */
export function text(check: (text: string) => string | null): Field<string> {
  return (value, path, mistakes) => {
    if (typeof value !== 'string' || value === '') return note(mistakes, path, 'must be a text');
    const mistake = check(value);
    return mistake === null ? value : note(mistakes, path, mistake);
  };
}

export const like = (shape: RegExp, hint: string): Field<string> =>
  text((value) => (shape.test(value) ? null : `must be ${hint}`));

export function whole(min: number, max: number): Field<number> {
  return (value, path, mistakes) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : note(mistakes, path, `must be a whole number from ${min} to ${max}`);
}

export function oneOf<const T extends string>(values: readonly T[]): Field<T> {
  return (value, path, mistakes) =>
    values.find((known) => known === value) ?? note(mistakes, path, `must be one of ${values.join(', ')}`);
}

export function listOf<T>(item: Field<T>, min: number, max: number): Field<readonly T[]> {
  return (value, path, mistakes) =>
    Array.isArray(value) && value.length >= min && value.length <= max
      ? value.map((each, index) => item(each, `${path}[${index}]`, mistakes))
      : note(mistakes, path, `must be a list of ${min} to ${max}`);
}

export function mapOf<T>(name: RegExp, item: Field<T>, min: number, max: number): Field<Readonly<Record<string, T>>> {
  return (value, path, mistakes) => {
    if (!isMembers(value)) return note(mistakes, path, 'must be an object');
    const entries = Object.entries(value);
    if (entries.length < min || entries.length > max) return note(mistakes, path, `must have ${min} to ${max} members`);
    return Object.fromEntries(
      entries.map(([key, each]) => {
        if (!name.test(key)) mistakes.push(`${path} has a member whose name is not allowed: ${shown(key)}`);
        return [key, item(each, `${path}.${shown(key)}`, mistakes)];
      }),
    );
  };
}

/** A name out of the document, short and in one line. */
const shown = (key: string): string => JSON.stringify(key.slice(0, 80)).slice(1, -1);

/** `check` looks at the whole, once each member is good by itself. */
export function membersOf<T extends object>(
  fields: FieldsOf<T>,
  check: (value: T) => readonly string[] = () => [],
): Field<T> {
  return (value, path, mistakes) => {
    if (!isMembers(value)) return note(mistakes, path, 'must be an object');
    const before = mistakes.length;
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) mistakes.push(`${at(shown(name))} is not known`);
    }
    const read = Object.entries<Field<unknown>>(fields).flatMap(([name, field]): [string, unknown][] => {
      if (Object.hasOwn(value, name)) return [[name, field(value[name], at(name), mistakes)]];
      if (field.fallback !== undefined) return field.fallback.value === undefined ? [] : [[name, field.fallback.value]];
      mistakes.push(`${at(name)} is missing`);
      return [];
    });
    const whole = Object.fromEntries(read) as T;
    if (mistakes.length === before) mistakes.push(...check(whole).map((mistake) => `${path} ${mistake}`));
    return whole;
  };
}

/** A member that may be left out. */
export function withDefault<T>(field: Field<T>, value: T): Field<T> {
  const reading: Field<T> = (given, path, mistakes) => field(given, path, mistakes);
  return Object.assign(reading, { fallback: { value } });
}

export const optional = <T>(field: Field<T>): Field<T | undefined> => withDefault<T | undefined>(field, undefined);
