import { createHash } from 'node:crypto';
import { createParamDecorator, SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RefusalError } from '@biplane/kernel';
import type { FastifyRequest } from 'fastify';
import { RequestErrors } from '../problems/request.errors.js';

export const ENTITY_TAGGED = Symbol('ENTITY_TAGGED');

/** On the route that shows a thing and on those that edit it: their answers carry its `ETag`, and an edit may come with `If-Match`. */
export const EntityTagged = (): CustomDecorator<symbol> => SetMetadata(ENTITY_TAGGED, true);

/** A strong tag (RFC 9110, 8.8.3): two answers with one tag are the same, letter by letter. */
export function entityTagOf(shown: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 27)}"`;
}

/** What the sender of an edit had seen; asked in the transaction of the edit, once what it edits is locked. */
export class Precondition {
  /** Null: the sender asks for none. */
  constructor(private readonly tags: readonly string[] | '*' | null) {}

  /** `shown` is what a reader would be shown now, null when there is nothing. Refuses with 412 REQUEST.CHANGED. */
  holds(shown: unknown): void {
    if (this.tags === null || (shown !== null && (this.tags === '*' || this.tags.includes(entityTagOf(shown))))) return;
    const detail =
      shown === null ? 'There is nothing to edit yet' : 'It has changed since the tag in If-Match was read';
    throw new RefusalError(RequestErrors.CHANGED({ detail }));
  }
}

export const NO_PRECONDITION = new Precondition(null);

/** RFC 9110, 13.1.1. A weak tag is well-formed and matches nothing. */
const TAGS = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e]*")*$/;

export function parseIfMatch(header: string | undefined): Precondition {
  if (header === undefined) return NO_PRECONDITION;
  const text = header.trim();
  if (text === '*') return new Precondition('*');
  if (TAGS.test(text)) return new Precondition(text.match(/(?:W\/)?"[^"]*"/g) ?? []);
  throw new RefusalError(RequestErrors.MALFORMED({ detail: 'If-Match is * or a list of entity tags in quotes' }));
}

/** Of a route with `@EntityTagged()`. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): Precondition =>
  parseIfMatch(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

interface TaggedRoute {
  readonly method: string;
  readonly path: string;
  readonly isTagged: boolean;
}

export function registerEntityTags(app: NestFastifyApplication, routes: readonly TaggedRoute[]): void {
  const tagged = new Set(routes.filter(({ isTagged }) => isTagged).map(({ method, path }) => `${method} ${path}`));
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preSerialization', (request, reply, body: unknown, done) => {
      const isShown = reply.statusCode === 200 && tagged.has(`${request.method} ${request.routeOptions.url ?? ''}`);
      if (isShown) void reply.header('etag', entityTagOf(body));
      done(null, body);
    });
}
