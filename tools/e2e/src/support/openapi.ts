export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema?: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** One route of a service's OpenAPI document. */
export interface Route {
  readonly method: string;
  /** With `{name}` parameters. */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly queryParameters: readonly Parameter[];
  /** Without references; null when the route takes no body. */
  readonly body: Schema | null;
  readonly contentType: string;
  /** Any one of these is enough; empty when the route needs no token of a client. */
  readonly scopes: readonly string[];
  /** Of members, staff and admins of a tenant: a session or an API key of theirs is asked for. */
  readonly isOfMembers: boolean;
  /** Of a client, a member or whoever else. */
  readonly needsToken: boolean;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const REFERENCE = '#/components/schemas/';
const DEPTH_MAX = 12;

/** Every route that the running service documents: new ones are covered without a change here. */
export async function routesOf(baseUrl: string): Promise<Route[]> {
  const response = await fetch(`${baseUrl}/docs/openapi.json`, { signal: AbortSignal.timeout(10_000) });
  const document = (await response.json()) as Document;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [routeOf(document, method.toUpperCase(), path, operation)];
    }),
  );
}

function routeOf(document: Document, method: string, path: string, operation: Operation): Route {
  const [contentType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? ['application/json'];
  return {
    method,
    path,
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string),
    queryParameters: (operation.parameters ?? []).filter((parameter) => parameter.in === 'query'),
    body: content?.schema === undefined ? null : resolve(document, content.schema, 0),
    contentType,
    scopes: (operation.security ?? []).flatMap((alternative) => alternative['token'] ?? []),
    isOfMembers: (operation.security ?? []).some((alternative) => Object.hasOwn(alternative, 'bearer')),
    needsToken: (operation.security ?? []).some((alternative) => Object.keys(alternative).length > 0),
  };
}

function resolve(document: Document, schema: Schema, depth: number): Schema {
  if (depth > DEPTH_MAX) return {};
  const name = schema.$ref?.startsWith(REFERENCE) ? schema.$ref.slice(REFERENCE.length) : undefined;
  const target = name === undefined ? schema : (document.components?.schemas?.[name] ?? {});
  if (target !== schema) return resolve(document, target, depth + 1);
  const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf;
  if (parts !== undefined) return resolve(document, { ...parts[0], ...withoutParts(schema) }, depth + 1);
  return {
    ...schema,
    ...(schema.items && { items: resolve(document, schema.items, depth + 1) }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([key, member]) => [key, resolve(document, member, depth + 1)]),
      ),
    }),
  };
}

function withoutParts({ allOf: _all, oneOf: _one, anyOf: _any, ...rest }: Schema): Schema {
  return rest;
}

/** A value that the schema describes; `given` names what a property of that name holds. */
export function sampleOf(schema: Schema, given: Readonly<Record<string, unknown>> = {}, name = ''): unknown {
  if (Object.hasOwn(given, name)) return given[name];
  if (schema.example !== undefined) return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  const type = Array.isArray(schema.type) ? (schema.type as string[])[0] : schema.type;
  if (type === 'array') return schema.items === undefined ? [] : [sampleOf(schema.items, given)];
  if (type === 'object' || schema.properties !== undefined) {
    const members = Object.entries(schema.properties ?? {});
    return Object.fromEntries(members.map(([key, member]) => [key, sampleOf(member, given, key)]));
  }
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return false;
  return textOf(schema);
}

function textOf({ format, pattern }: Schema): string {
  if (format === 'uuid') return '01900000-0000-7000-8000-000000000000';
  if (format === 'date-time') return '2026-04-01T00:00:00Z';
  if (format === 'email') return 'somebody@nobody.example';
  if (format === 'uri') return 'https://nobody.example';
  if (pattern?.includes('\\.') || pattern?.includes('0-9]*')) return '1';
  return 'nobody';
}

/** A path parameter that stands for an object's id, by its name. */
export const isId = (parameter: string): boolean => /(^id|Id)$/.test(parameter);

/** Path parameters that are not ids: something that exists, so that the route looks further. */
const KNOWN_CODES: Readonly<Record<string, string>> = {
  code: 'studio',
  version: '1',
  module: 'financials',
  meter: 'api_calls',
  kind: 'billing',
};

export function pathOf(route: Route, idOf: (parameter: string) => string): string {
  return route.pathParameters.reduce((path, parameter) => {
    const value = isId(parameter) ? idOf(parameter) : (KNOWN_CODES[parameter] ?? 'nobody');
    return path.replace(`{${parameter}}`, encodeURIComponent(value));
  }, route.path);
}

/** The required query parameters, with what they may be. */
export function queryOf(route: Route, given: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams();
  for (const { name, required, schema } of route.queryParameters) {
    if (Object.hasOwn(given, name)) query.set(name, given[name] as string);
    else if (required === true) query.set(name, String(sampleOf(schema ?? {})));
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}
