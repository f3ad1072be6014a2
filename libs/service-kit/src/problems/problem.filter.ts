import { Catch, Inject, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RouteTable } from '../http/route-table.js';
import { failureOf, type Told } from './failure-of.js';
import { problemOf, PROBLEM_MEDIA_TYPE } from './problem.js';
import { RequestErrors } from './request.errors.js';

/** Renders every exception, those of the router and the body parser too, as problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problems');

  constructor(@Inject(RouteTable) private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // A consumer's exception belongs to its transport, which retries or dead-letters.
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const requestId = String(request.id);
    const { failure, level } = this.told(error, request, reply);
    if (level !== 'debug') this.logger[level]({ err: error, requestId, code: failure.code }, failure.detail);
    if (reply.sent) return;
    if (failure.retryAfterSeconds !== undefined) void reply.header('retry-after', String(failure.retryAfterSeconds));
    if (failure.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply
      .status(failure.status)
      .header('content-type', PROBLEM_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problemOf(failure, requestId)));
  }

  private told(error: unknown, request: FastifyRequest, reply: FastifyReply): Told {
    const told = failureOf(error);
    if (told.failure.code !== 'REQUEST.NOT_FOUND' || request.is404 !== true) return told;
    const allowed = this.routes.methodsOf(request.raw.url ?? '/');
    if (allowed.length === 0) return told;
    void reply.header('allow', allowed.join(', '));
    const detail = `This path answers ${allowed.join(', ')}`;
    return { failure: RequestErrors.METHOD_NOT_ALLOWED({ detail, members: { allowed } }), level: 'debug' };
  }
}
