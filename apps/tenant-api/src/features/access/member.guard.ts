import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, RateLimiter, RequestErrors, setPrincipal } from '@biplane/service-kit';
import { TenantHandles, type TenantHandle } from '../tenancy/index.js';
import { AccessErrors } from './access.errors.js';
import { findByToken } from './access.store.js';
import type { KeyScope } from './domain/role.js';
import { readMemberToken } from './domain/member-token.js';
import { attachMember, needs } from './member-request.js';
import { tokenHash } from './token-hash.js';

export const PERMISSION = 'biplane:member-permission';

/** Resolves the member and the tenant of a request, once: the token says which deployment, and a header that says another is refused. */
@Injectable()
export class MemberGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const bearer = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = bearer === undefined ? null : readMemberToken(bearer);
    if (token === null || !agrees(request, token.deploymentId)) throw refused();
    const tenant = this.tenantOf(token.deploymentId);
    const hash = tokenHash(bearer!);
    const found = await tenant.read((reader) => findByToken(reader, token.kind, hash, this.clock.now()));
    if (found === null) throw refused();
    const member = { ...found, deploymentId: token.deploymentId, tokenHash: hash };
    const clientId = `member:${member.memberId}`;
    const waitSeconds = this.limiter.take(clientId);
    if (waitSeconds > 0) {
      const detail = 'This member sends too fast';
      throw new RefusalError(RequestErrors.RATE_LIMITED({ detail, retryAfterSeconds: waitSeconds }));
    }
    const needed = this.reflector.getAllAndOverride<KeyScope>(PERMISSION, [context.getHandler(), context.getClass()]);
    needs(member, needed);
    const { tenantId, deploymentId } = tenant;
    setPrincipal(request, { clientId, scopes: [], regions: null, tenantId, deploymentId });
    attachMember(request, member, tenant);
    return true;
  }

  /** A deployment that this home does not know looks like a wrong token; one that moved says where to. */
  private tenantOf(deploymentId: string): TenantHandle {
    try {
      return this.handles.resolve(deploymentId);
    } catch (error) {
      if (error instanceof RefusalError && error.failure.status === 404) throw refused();
      throw error;
    }
  }
}

function agrees(request: FastifyRequest, deploymentId: string): boolean {
  const header = request.headers['x-deployment-id'];
  return header === undefined || (typeof header === 'string' && header.toLowerCase() === deploymentId);
}

function refused(): RefusalError {
  return new RefusalError(AccessErrors.TOKEN_REFUSED({ detail: 'The token is unknown, expired or of another tenant' }));
}
