import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '@biplane/kernel';
import { Metrics } from '../metrics/metrics.js';
import { problemOf, PROBLEM_MEDIA_TYPE } from '../problems/problem.js';
import { RequestErrors } from '../problems/request.errors.js';

const INTERNAL_ROOT = '/internal';

export interface Listeners {
  /** Port of the second listener; null when there is none. Known after it listens. */
  internalPort: number | null;
  /** Whether the app has an internal listener at all. */
  readonly splitInternal: boolean;
}

/** What happens to every request before and after its route. */
export function registerHooks(app: NestFastifyApplication, listeners: Listeners): void {
  const fastify = app.getHttpAdapter().getInstance();
  const metrics = app.get(Metrics);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', String(request.id));
    void reply.header('x-content-type-options', 'nosniff');
    const refusal = urlRefusal(request) ?? internalRefusal(request, listeners);
    // Answered here: no guard, parser or handler shall see what is refused.
    if (refusal !== null) sendRefusal(reply, refusal, String(request.id));
    else done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

// PostgreSQL refuses NUL, and a query or a path parameter may reach it.
function urlRefusal(request: FastifyRequest): RefusalError | null {
  const url = request.raw.url ?? '';
  if (/%00/.test(url)) return new RefusalError(RequestErrors.MALFORMED({ detail: 'The URL contains a NUL character' }));
  if (!namesOf(url).some((name) => FORBIDDEN_NAME.test(name))) return null;
  return new RefusalError(RequestErrors.MALFORMED({ detail: 'A query parameter is forbidden' }));
}

// The validation pipe would leave these out of a query in silence, however they are spelled.
const FORBIDDEN_NAME = /^(?:__proto__|constructor|prototype)(?:\[|$)/;

function namesOf(url: string): string[] {
  const start = url.indexOf('?');
  if (start < 0) return [];
  return [...new URLSearchParams(url.slice(start)).keys()];
}

/** What Fastify refuses before any route or hook is found: an address that cannot be decoded or is too long. */
export function refuseUnroutable(error: { code?: string }, request: FastifyRequest, reply: FastifyReply): void {
  const isTooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const failure = isTooLong
    ? RequestErrors.URI_TOO_LONG({ detail: 'A part of the path is too long' })
    : RequestErrors.MALFORMED({ detail: 'The path cannot be decoded' });
  void reply.header('x-request-id', String(request.id));
  sendRefusal(reply, new RefusalError(failure), String(request.id));
}

// By the matched route, not by the text of the path: no spelling of the path gets around it.
function internalRefusal(request: FastifyRequest, listeners: Listeners): RefusalError | null {
  const route = request.routeOptions.url ?? '';
  const internal = route === INTERNAL_ROOT || route.startsWith(`${INTERNAL_ROOT}/`);
  if (!internal || !listeners.splitInternal) return null;
  if (listeners.internalPort !== null && request.raw.socket.localPort === listeners.internalPort) return null;
  return new RefusalError(RequestErrors.NOT_FOUND({ detail: 'No route answers this path' }));
}

function sendRefusal(reply: FastifyReply, { failure }: RefusalError, requestId: string): void {
  void reply
    .status(failure.status)
    .header('content-type', PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problemOf(failure, requestId)));
}
