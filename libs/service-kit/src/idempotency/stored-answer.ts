/** What an idempotent work answers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** For example `{ location: '/api/v1/operations/…' }`; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON pointers of secrets in the body: told once, stored as null. */
  readonly secretPointers?: readonly string[];
}

/** Return it from a controller: an interceptor turns it into status, headers and body. */
export class StoredAnswer {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>>,
    /** True when the effect happened in an earlier request. */
    readonly replayed: boolean,
  ) {}
}

/** A copy of the body with null at each pointer. A pointer that leads nowhere is a bug and throws: a secret would be stored. */
export function withoutSecrets(body: unknown, pointers: readonly string[]): unknown {
  const copy = toJson(body);
  for (const pointer of pointers) {
    const segments = pointer
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = segments.pop();
    let parent: unknown = copy;
    for (const segment of segments) parent = member(parent, segment);
    if (last === undefined || member(parent, last) === undefined) throw new Error(`No value at ${pointer}`);
    (parent as Record<string, unknown>)[last] = null;
  }
  return copy;
}

/** The body as it goes over the wire, so that the first answer and its replay are equal. */
export function toJson(body: unknown): unknown {
  return body === undefined ? null : JSON.parse(JSON.stringify(body));
}

function member(parent: unknown, segment: string): unknown {
  return typeof parent === 'object' && parent !== null ? (parent as Record<string, unknown>)[segment] : undefined;
}
