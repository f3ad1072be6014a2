import type { FastifyRequest } from 'fastify';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import type { TenantHandle } from '../tenancy/index.js';
import { AccessErrors } from './access.errors.js';
import { mayDo, type KeyScope, type Role } from './domain/role.js';

/** A signed-in member, and the one tenant that the request reaches. */
export interface MemberPrincipal {
  readonly memberId: string;
  readonly role: Role;
  readonly deploymentId: string;
  /** What an API key is narrowed to; null of a session. */
  readonly keyScopes: readonly string[] | null;
  /** Of the session or key that it came with. */
  readonly tokenHash: string;
}

interface Attached {
  member?: MemberPrincipal;
  tenant?: TenantHandle;
}

export function attachMember(request: FastifyRequest, member: MemberPrincipal, tenant: TenantHandle): void {
  Object.assign(request as unknown as Attached, { member, tenant });
}

/** Undefined on requests of services. */
export function memberOf(request: unknown): MemberPrincipal | undefined {
  return (request as Attached).member;
}

/** As journals and audits name it. */
export const actorOf = ({ memberId }: MemberPrincipal): string => `member:${memberId}`;

/** For what needs a second permission beside that of its controller. Refuses with 403 ACCESS.NOT_PERMITTED. */
export function needs({ role, keyScopes }: MemberPrincipal, needed: KeyScope): void {
  if (mayDo(role, keyScopes, needed)) return;
  throw new RefusalError(AccessErrors.NOT_PERMITTED({ detail: `This needs ${needed}`, members: { needed } }));
}

/** For what makes or changes ways in: a key that leaks, however narrow, must not become a wider one. */
export function needsSession({ keyScopes }: MemberPrincipal): void {
  if (keyScopes === null) return;
  const detail = 'This needs a session';
  throw new RefusalError(AccessErrors.NOT_PERMITTED({ detail, members: { needed: 'session' } }));
}

/** Before a role is given: a key makes plain members only, for whoever holds an invite of an admin is one. */
export function needsSessionToGive(role: Role, by: MemberPrincipal): void {
  if (role !== 'member') needsSession(by);
}

/** The member of the request; only on routes with `@Members`. */
export const CurrentMember = createParamDecorator((_: unknown, context: ExecutionContext): MemberPrincipal => {
  const member = memberOf(context.switchToHttp().getRequest());
  if (member === undefined) throw new Error('This route has no member: it needs @Members');
  return member;
});

/** The tenant of the request, resolved once; only on routes with `@Members`. */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext): TenantHandle => {
  const { tenant } = context.switchToHttp().getRequest<Attached>();
  if (tenant === undefined) throw new Error('This route has no tenant: it needs @Members');
  return tenant;
});
