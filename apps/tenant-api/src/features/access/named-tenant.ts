import { createParamDecorator, Inject, Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { isUuid, RefusalError } from '@biplane/kernel';
import { invalid } from '@biplane/service-kit';
import type { FastifyRequest } from 'fastify';
import { TenantHandles, type TenantHandle } from '../tenancy/index.js';

@Injectable()
export class TenantOfHeader implements PipeTransform<unknown, TenantHandle> {
  constructor(@Inject(TenantHandles) private readonly handles: TenantHandles) {}

  transform(header: unknown): TenantHandle {
    const id = typeof header === 'string' ? header.toLowerCase() : '';
    if (isUuid(id)) return this.handles.resolve(id);
    const detail = 'X-Deployment-Id must be a UUID';
    throw new RefusalError(invalid([{ pointer: '/header/x-deployment-id', code: 'UUID', detail }]));
  }
}

const header = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  return context.switchToHttp().getRequest<FastifyRequest>().headers['x-deployment-id'];
});

/** The tenant that `X-Deployment-Id` names, for who has no token yet. */
export const NamedTenant = (): ParameterDecorator => header(TenantOfHeader);
