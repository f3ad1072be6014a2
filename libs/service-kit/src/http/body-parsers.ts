import { applyDecorators } from '@nestjs/common';
import { RouteConfig, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { RefusalError } from '@biplane/kernel';
import { RequestErrors } from '../problems/request.errors.js';

export const BODY_BYTES_MAX = 1_048_576;
export const JSON_DEPTH_MAX = 32;
const JSON_TYPES = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'];
const FORM_TYPE = 'application/x-www-form-urlencoded';
const CSV_TYPE = 'text/csv';
/** Files come whole, so that they are taken or refused whole: a few ten thousand rows. */
export const CSV_BYTES_MAX = 4 * BODY_BYTES_MAX;
const FORM_ROUTE = '/oauth/token';
const FORM_FIELDS_MAX = 20;

interface Reads {
  readonly reads?: 'csv';
}

/** The body of the route is a file of comma-separated values, in UTF-8: it comes to `@Body()` as text, without its byte order mark. */
export const ReadsCsv = (): MethodDecorator =>
  applyDecorators(
    RouteConfig({ reads: 'csv' } satisfies Reads),
    ApiConsumes(CSV_TYPE),
    ApiBody({ schema: { type: 'string' } }),
  );

/** Only these content types are read; a form only where RFC 6749 asks for one, and a file only where the route takes one. */
export function registerBodyParsers(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  const options = { parseAs: 'string', bodyLimit: BODY_BYTES_MAX } as const;
  fastify.addContentTypeParser(JSON_TYPES, options, (request, body, done) => {
    parseWith(() => (onFormRoute(request) || takesCsv(request) ? unsupported() : parseJson(String(body))), done);
  });
  fastify.addContentTypeParser(FORM_TYPE, options, (request, body, done) => {
    parseWith(() => (onFormRoute(request) ? parseForm(String(body)) : unsupported()), done);
  });
  const files = { parseAs: 'buffer', bodyLimit: CSV_BYTES_MAX } as const;
  fastify.addContentTypeParser<Buffer>(CSV_TYPE, files, (request, body, done) => {
    parseWith(() => (takesCsv(request) ? parseUtf8(body) : unsupported()), done);
  });
}

/** JSON within the limits that keep what follows from failing: depth, forbidden keys, text that PostgreSQL refuses. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (depthOf(text) > JSON_DEPTH_MAX) throw malformed(`The JSON is nested deeper than ${JSON_DEPTH_MAX} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('The body is not JSON');
  }
  // Cheap looks at the text first: nearly no body needs the walk.
  if (/__proto__|constructor|prototype|\\u/i.test(text)) refuseHostile(value);
  return value;
}

function refuseHostile(value: unknown): void {
  if (typeof value === 'string') {
    // PostgreSQL stores neither NUL nor half a surrogate pair.
    if (value.includes('\0') || /[\ud800-\udfff]/u.test(value))
      throw malformed('A text has characters that cannot be stored');
  } else if (Array.isArray(value)) {
    value.forEach(refuseHostile);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      // The validation pipe leaves these out of a body in silence: what is sent is read or refused.
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
        throw malformed('A key of the body is forbidden');
      }
      refuseHostile(key);
      refuseHostile(member);
    }
  }
}

/** The deepest nesting of braces and brackets outside strings, in one pass and before anything recurses. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (inText) {
      if (char === 92)
        index += 1; // a backslash hides the next character
      else if (char === 34) inText = false;
    } else if (char === 34) inText = true;
    else if (char === 91 || char === 123) deepest = Math.max(deepest, (depth += 1));
    else if (char === 93 || char === 125) depth -= 1;
  }
  return deepest;
}

function parseUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not text in UTF-8');
  }
}

function parseForm(text: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const entries = [...new URLSearchParams(text)];
  if (entries.length > FORM_FIELDS_MAX) throw malformed('The form has too many fields');
  for (const [name, value] of entries) {
    if (name in fields || name === '__proto__')
      throw malformed('A field of the form stands there twice or is forbidden');
    fields[name] = value;
  }
  return { ...fields };
}

function parseWith(parse: () => unknown, done: (error: Error | null, body?: unknown) => void): void {
  try {
    done(null, parse());
  } catch (error) {
    done(error as Error);
  }
}

function onFormRoute(request: FastifyRequest): boolean {
  return request.routeOptions.url === FORM_ROUTE;
}

function takesCsv(request: FastifyRequest): boolean {
  return (request.routeOptions.config as Reads | undefined)?.reads === 'csv';
}

function unsupported(): never {
  throw new RefusalError(RequestErrors.MEDIA_TYPE({ detail: 'This route does not read that content type' }));
}

function malformed(detail: string): RefusalError {
  return new RefusalError(RequestErrors.MALFORMED({ detail }));
}
