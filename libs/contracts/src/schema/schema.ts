/**
 * A JSON Schema and the TypeScript type of what it accepts, made together: neither can say something that the other does not.
 * Only what the records need; every object refuses unknown members unless it is made `open`.
 */
export interface Schema<T> {
  readonly json: Readonly<Record<string, unknown>>;
  /** Never there: it carries the type. */
  readonly type?: T;
}

export type TypeOf<S> = S extends Schema<infer T> ? T : never;

type Members = Readonly<Record<string, Schema<unknown>>>;
type Typed<M extends Members> = { readonly [K in keyof M]: TypeOf<M[K]> };
type Partly<M extends Members> = { readonly [K in keyof M]?: TypeOf<M[K]> };

export function pattern(source: string, maxLength: number, description: string): Schema<string> {
  return { json: { type: 'string', pattern: source, maxLength, description } };
}

export function choice<const V extends readonly string[]>(...values: V): Schema<V[number]> {
  return { json: { type: 'string', enum: values } };
}

export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return { json: { type: 'integer', minimum, maximum } };
}

export const boolean: Schema<boolean> = { json: { type: 'boolean' } };

export function nullable<T>(of: Schema<T>): Schema<T | null> {
  return { json: { anyOf: [of.json, { type: 'null' }] } };
}

export function array<T>(of: Schema<T>, maxItems: number): Schema<readonly T[]> {
  return { json: { type: 'array', items: of.json, maxItems } };
}

/** Closed: an unknown member is refused. Every record up is made of these, so none has room for text that nobody foresaw. */
export function object<R extends Members>(required: R): Schema<Typed<R>>;
export function object<R extends Members, O extends Members>(required: R, optional: O): Schema<Typed<R> & Partly<O>>;
export function object(required: Members, optional: Members = {}): Schema<unknown> {
  return { json: { ...members(required, optional), additionalProperties: false } };
}

/** Unknown members are accepted: for records down, whose meaning stands in a signed part. */
export function openObject<R extends Members>(required: R): Schema<Typed<R>> {
  return { json: { ...members(required, {}), additionalProperties: true } };
}

function members(required: Members, optional: Members) {
  const properties = Object.fromEntries(
    [...Object.entries(required), ...Object.entries(optional)].map(([k, s]) => [k, s.json]),
  );
  return { type: 'object', required: Object.keys(required), properties };
}

export function described<T>(of: Schema<T>, description: string): Schema<T> {
  return { json: { ...of.json, description } };
}
