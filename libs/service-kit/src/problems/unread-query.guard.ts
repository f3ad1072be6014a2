import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import { RefusalError } from '@biplane/kernel';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type Access } from '../auth/access.decorators.js';
import { invalid } from './validation.pipe.js';

/**
 * Refuses a query on a route that reads none: a filter that is passed over in silence gives the answer to another
 * question. Routes with a query DTO refuse unknown members themselves; open ones (probes, metrics) are let be.
 */
@Injectable()
export class UnreadQueryGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { query } = context.switchToHttp().getRequest<FastifyRequest>();
    const [name] = Object.keys((query as Record<string, unknown> | undefined) ?? {});
    if (name === undefined || !this.isScoped(context) || readsQuery(context)) return true;
    const shown = name.slice(0, 64);
    throw new RefusalError(
      invalid([{ pointer: `/${shown}`, code: 'UNKNOWN_FIELD', detail: `${shown} is not known here` }]),
    );
  }

  private isScoped(context: ExecutionContext): boolean {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    return access?.kind === 'scopes';
  }
}

function readsQuery(context: ExecutionContext): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as
    Record<string, unknown> | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
