import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Access } from '../auth/access.decorators.js';
import { PROBLEM_MEDIA_TYPE } from '../problems/problem.js';
import { describeDtos } from './dto-schemas.js';
import { locationTemplate, type Locations } from './located-at.js';
import { routeInventory } from './route-inventory.js';

export interface DocsOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

interface Operation {
  operationId?: string;
  security?: Record<string, string[]>[];
  parameters?: object[];
  responses: Record<string, unknown>;
  [extension: `x-${string}`]: unknown;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;
const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457. `code` is stable; the error reference explains each.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*\\.[A-Z][A-Z0-9_]*$' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of every route, the same bytes for the same code. Works on a preview application. */
export function openApiDocument(app: NestFastifyApplication, options: DocsOptions): OpenAPIObject {
  describeDtos(controllersOf(app));
  const config = new DocumentBuilder()
    .setTitle(options.title)
    .setDescription(options.description)
    .setVersion(options.version)
    .setOpenAPIVersion('3.1.0')
    .addOAuth2({ type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes: {} } } }, 'token')
    .addBasicAuth({ type: 'http', scheme: 'basic' }, 'client')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  completeOperations(app, document);
  return sorted(toJsonSchema(document)) as OpenAPIObject;
}

function completeOperations(app: NestFastifyApplication, document: OpenAPIObject): void {
  const routes = new Map(
    routeInventory(app).map((route) => [`${route.method} ${template(route.path)}`, route] as const),
  );
  const scopes: Record<string, string> = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (operation === undefined) continue;
      const route = routes.get(`${method.toUpperCase()} ${path}`);
      const declared = route?.access ?? null;
      secure(operation, declared);
      locate(operation, route?.locations ?? {});
      if (route?.isTagged) tag(operation, method);
      if (declared?.kind === 'scopes') for (const scope of declared.scopes) scopes[scope] = `Routes that need ${scope}`;
      operation.responses['default'] = { $ref: '#/components/responses/Problem' };
    }
  }
  const components = (document.components ??= {});
  (components.schemas ??= {})['Problem'] = PROBLEM_SCHEMA;
  components.responses = {
    Problem: {
      description: 'The request was refused or failed',
      content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
  const oauth = components.securitySchemes?.['token'] as { flows?: { clientCredentials?: { scopes: object } } };
  if (oauth.flows?.clientCredentials !== undefined) oauth.flows.clientCredentials.scopes = scopes;
}

// Any one of the scopes is enough: alternatives are separate entries.
function secure(operation: Operation, access: Access | null): void {
  if (access?.kind === 'scopes') operation.security = access.scopes.map((scope) => ({ token: [scope] }));
  else if (access?.kind === 'own') operation['x-access'] = access.by;
  else operation.security ??= [];
}

function locate({ responses }: Operation, locations: Locations): void {
  for (const [status, path] of Object.entries(locations)) {
    const answer = (responses[status] ??= {}) as { headers?: Record<string, object> };
    const description = `${locationTemplate(path)}, with members of the answer`;
    answer.headers = { Location: { description, required: true, schema: { type: 'string', format: 'uri-reference' } } };
  }
}

function tag(operation: Operation, method: string): void {
  const answer = operation.responses['200'] as { headers?: Record<string, object> };
  const schema = { type: 'string' };
  answer.headers = { ...answer.headers, ETag: { description: 'Of what is shown', required: true, schema } };
  if (method === 'get') return;
  const description = 'An ETag that was read before: what has changed since is not edited (412)';
  (operation.parameters ??= []).push({ name: 'If-Match', in: 'header', required: false, description, schema });
}

function template(path: string): string {
  return path.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
}

function controllersOf(app: NestFastifyApplication): Type[] {
  const modules = [...app.get(ModulesContainer).values()];
  return modules.flatMap((module) => [...module.controllers.values()].map(({ metatype }) => metatype as Type));
}

/** OpenAPI 3.1 is JSON Schema: `nullable` became a type. */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const members = Object.entries(node).filter(([, member]) => member !== undefined);
  const copy = Object.fromEntries(members.map(([key, member]) => [key, toJsonSchema(member)]));
  return copy['nullable'] === true ? orNull(copy) : copy;
}

function orNull({ nullable: _, allOf, ...schema }: Record<string, unknown>): Record<string, unknown> {
  // Of a class, @nestjs/swagger makes a reference in an `allOf`, beside which no type can stand.
  if (Array.isArray(allOf)) return { ...schema, anyOf: [...(allOf as unknown[]), { type: 'null' }] };
  if (Array.isArray(schema['enum'])) schema['enum'] = [...(schema['enum'] as unknown[]), null];
  if (typeof schema['type'] === 'string') schema['type'] = [schema['type'], 'null'];
  return schema;
}

function sorted(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(sorted);
  if (typeof node !== 'object' || node === null) return node;
  const keys = Object.keys(node).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted((node as Record<string, unknown>)[key])]));
}
