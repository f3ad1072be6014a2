import { operationsOf, type ApiDocument, type MediaType } from './answer-schemas.js';

/**
 * The answers of 201 and 202 that name no place to look: `POST /runs: 202`. A place is a `Location` of members that are always in the answer, at a
 * route that can be read; what was made (201) may also stand in the list that is read at the path it was posted to.
 */
export function answersWithoutPlace(document: ApiDocument): string[] {
  const readable = new Set(
    Object.entries(document.paths).flatMap(([path, item]) => ('get' in item ? [shapeOf(path)] : [])),
  );
  return operationsOf(document).flatMap(({ name, path, operation }) =>
    Object.entries(operation.responses)
      .filter(([status]) => status === '201' || status === '202')
      .filter(([status, answer]) => {
        const place = /^[^\s,]+/.exec(answer?.headers?.['Location']?.description ?? '')?.[0];
        if (place === undefined) return status === '202' || !readable.has(shapeOf(path));
        const schema = answer?.content?.['application/json']?.schema;
        return !readable.has(shapeOf(place)) || !membersOf(place).every((member) => has(document, schema, member));
      })
      .map(([status]) => `${name}: ${status}`),
  );
}

type Schema = MediaType['schema'];

const shapeOf = (path: string): string => path.replace(/\{[^}]*\}/g, '{}');
const membersOf = (place: string): string[][] =>
  [...place.matchAll(/\{([^}]*)\}/g)].map(([, member]) => (member ?? '').split('.'));

function has(document: ApiDocument, schema: Schema, [name, ...rest]: readonly string[]): boolean {
  // One class may stand for answers of several statuses: what is null in one is there in another.
  if (name === undefined) return [schema?.['type']].flat().includes('string');
  const { properties, required } = resolved(document, schema) as {
    properties?: Readonly<Record<string, Schema>>;
    required?: readonly string[];
  };
  return required?.includes(name) === true && has(document, resolved(document, properties?.[name]), rest);
}

function resolved(document: ApiDocument, schema: NonNullable<Schema> = {}): Readonly<Record<string, unknown>> {
  // Beside a description, @nestjs/swagger wraps a reference in an `allOf` of one.
  const wrapped = (schema['allOf'] ?? schema['anyOf']) as readonly NonNullable<Schema>[] | undefined;
  const inner = wrapped?.[0] ?? schema;
  const reference = inner['$ref'];
  if (typeof reference !== 'string') return inner;
  const segments = reference.split('/').slice(1);
  return segments.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document) as Record<
    string,
    unknown
  >;
}
