import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import { RefusalError } from '@biplane/kernel';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type Access } from '../auth/access.decorators.js';
import { ENTITY_TAGGED } from '../http/entity-tag.js';
import { invalid } from './validation.pipe.js';

const SHOWN_MAX = 64;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Refuses a query, a body or an If-Match on a route that reads none: a filter, or a `dryRun`, that is passed over in silence gets the
 * answer to another question, and an edit that was meant for another state is made. Routes with a DTO refuse unknown members themselves; public ones (probes, metrics) are let be.
 */
@Injectable()
export class UnreadInputGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http' || this.isPublic(context)) return true;
    const { query, body, headers, method } = context.switchToHttp().getRequest<FastifyRequest>();
    const [filter] = Object.keys((query as Record<string, unknown> | undefined) ?? {});
    if (filter !== undefined && !reads(context, RouteParamtypes.QUERY)) {
      throw notRead(`/${filter.slice(0, SHOWN_MAX)}`, `${filter.slice(0, SHOWN_MAX)} is not known here`);
    }
    if (headers['if-match'] !== undefined && !SAFE.has(method) && !this.isTagged(context)) {
      throw notRead('', 'No If-Match is read here');
    }
    if (isSaid(body) && !reads(context, RouteParamtypes.BODY)) throw notRead('', 'No body is read here');
    return true;
  }

  private isTagged(context: ExecutionContext): boolean {
    return this.reflector.get<true | undefined>(ENTITY_TAGGED, context.getHandler()) === true;
  }

  private isPublic(context: ExecutionContext): boolean {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    return access?.kind === 'public';
  }
}

/** An empty object is what some clients send for nothing. */
const isSaid = (body: unknown): boolean =>
  typeof body === 'object' && body !== null
    ? Object.keys(body).length > 0
    : body !== undefined && body !== null && body !== '';

function notRead(pointer: string, detail: string): RefusalError {
  return new RefusalError(invalid([{ pointer, code: 'UNKNOWN_FIELD', detail }]));
}

function reads(context: ExecutionContext, kind: RouteParamtypes): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as
    Record<string, unknown> | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${kind}:`));
}
