import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isRfc3339 } from '@biplane/contracts';

/** As much of an OpenAPI document as is read here. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, object>>;
  readonly components?: object | undefined;
}

interface Operation {
  readonly responses: Readonly<Record<string, Answer | undefined>>;
}

interface Answer {
  readonly content?: Readonly<Record<string, MediaType>>;
  readonly headers?: Readonly<Record<string, { readonly description?: string } | undefined>>;
}

/** Of an answer, as one type of media. */
export interface MediaType {
  readonly schema?: Readonly<Record<string, unknown>>;
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NO_CONTENT = '204';

/** The routes that do not say what their success looks like: `GET /version: 200`. */
export function routesWithoutAnswerSchema(document: ApiDocument): string[] {
  return operationsOf(document).flatMap(({ name, operation }) => {
    const successes = Object.entries(operation.responses).filter(([status]) => /^2\d\d$/.test(status));
    if (successes.length === 0) return [`${name}: no success`];
    return successes
      .filter(([status, answer]) => status !== NO_CONTENT && !saysSomething(answer?.content))
      .map(([status]) => `${name}: ${status}`);
  });
}

/** Holds live answers against the document. Stricter than it: a member that no schema names is a mistake of the document. */
export class AnswerSchemas {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(private readonly document: ApiDocument) {
    this.ajv.addFormat('uuid', UUID);
    this.ajv.addFormat('date-time', isRfc3339);
    this.ajv.addFormat('uri', (text) => URL.canParse(text));
    this.ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
    this.ajv.addSchema({ $id: 'openapi', components: closed(document.components ?? {}) } as object);
  }

  /** What an answer has that the document does not say, or the other way round; empty when they agree. */
  mistakes(method: string, path: string, answer: { readonly status: number; readonly body: unknown }): string[] {
    const key = `${method} ${path} ${answer.status}`;
    const validate = this.compiled.get(key) ?? this.compile(method, path, answer.status);
    if (validate === null) return [`${key} is not in the document`];
    this.compiled.set(key, validate);
    if (validate(answer.body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${key} ${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  private compile(method: string, path: string, status: number): ValidateFunction | null {
    const item = this.document.paths[path] as Readonly<Record<string, Operation | undefined>> | undefined;
    const schema = item?.[method.toLowerCase()]?.responses[String(status)]?.content?.['application/json']?.schema;
    return schema === undefined ? null : this.ajv.compile(closed(schema) as object);
  }
}

export function operationsOf({ paths }: ApiDocument): { name: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation: operation as Operation,
      })),
  );
}

/** An empty schema, or an object of which no member is known, says nothing. */
function saysSomething(content: Readonly<Record<string, MediaType>> | undefined): boolean {
  const answers = Object.entries(content ?? {});
  const isSaid = ([mediaType, { schema = {} }]: [string, MediaType]): boolean =>
    // A file is text or bytes as a whole; JSON has members.
    (!mediaType.includes('json') && 'type' in schema) ||
    ['$ref', 'properties', 'items', 'oneOf', 'anyOf', 'allOf'].some((keyword) => keyword in schema);
  return answers.length > 0 && answers.every(isSaid);
}

/** Every object that names its members has no other one; references lead into the document. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, member]): [string, unknown] =>
    key === '$ref' ? [key, `openapi${String(member)}`] : [key, closed(member)],
  );
  const copy = Object.fromEntries(entries);
  const isObject = copy['type'] === 'object' && typeof copy['properties'] === 'object';
  return isObject && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}
