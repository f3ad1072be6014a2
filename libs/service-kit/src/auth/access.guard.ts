import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { orThrow, RefusalError } from '@biplane/kernel';
import { RequestErrors } from '../problems/request.errors.js';
import { ACCESS, setPrincipal, type Access } from './access.decorators.js';
import { AccessTokens } from './access-tokens.js';
import { AuthErrors } from './auth.errors.js';
import { holdsAnyScope, type Principal } from './principal.js';
import { RateLimiter } from './rate-limiter.js';

/** The one gate in front of every HTTP route. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(AccessTokens) private readonly tokens: AccessTokens,
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    // Records of a topic have no bearer: the broker's users and access rules stand in front of them.
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind === 'public' || access?.kind === 'own') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = this.authenticate(request);
    setPrincipal(request, principal);
    this.limit(principal);
    // No declaration means no scope is enough; start-up refuses such a route anyway.
    const needed = access?.scopes ?? [];
    if (holdsAnyScope(principal, needed)) return true;
    const detail = `The token needs ${needed.length === 1 ? '' : 'one of '}${needed.join(', ')}`;
    throw new RefusalError(AuthErrors.SCOPE_MISSING({ detail, members: { needed } }));
  }

  private authenticate(request: FastifyRequest): Principal {
    const match = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
    if (match === null) {
      throw new RefusalError(AuthErrors.TOKEN_MISSING({ detail: 'The request has no bearer token' }));
    }
    return orThrow(this.tokens.verify(match[1]!));
  }

  private limit(principal: Principal): void {
    const waitSeconds = this.limiter.take(principal.clientId);
    if (waitSeconds === 0) return;
    const detail = `The client ${principal.clientId} sends too fast`;
    throw new RefusalError(RequestErrors.RATE_LIMITED({ detail, retryAfterSeconds: waitSeconds }));
  }
}
