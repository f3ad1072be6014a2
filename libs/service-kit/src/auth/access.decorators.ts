import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Principal } from './principal.js';

export const ACCESS = 'biplane:access';

/** How a route is opened; every route must say so, or start-up fails. */
export type Access =
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  | { readonly kind: 'public'; readonly why: string }
  | { readonly kind: 'own'; readonly by: string };

/** A bearer token with any one of these scopes; `tenant:*` stands for any `tenant:<id>`. On a method or a controller. */
export const Scopes = (...scopes: [string, ...string[]]): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Access>(ACCESS, { kind: 'scopes', scopes });

/** No token, and the reason why that is safe. */
export const Public = (why: string): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Access>(ACCESS, { kind: 'public', why });

/** Authenticated by a guard of the feature's own (a member's session, an enrollment token), which it names. */
export const AccessBy = (by: string): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Access>(ACCESS, { kind: 'own', by });

interface Authenticated {
  principal?: Principal;
}

export function setPrincipal(request: object, principal: Principal): void {
  (request as Authenticated).principal = principal;
}

export function principalOfRequest(request: object): Principal {
  const { principal } = request as Authenticated;
  if (principal === undefined) throw new Error('This route has no principal: it needs @Scopes');
  return principal;
}

/** The Principal of the request; only on routes with `@Scopes`. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal =>
  principalOfRequest(context.switchToHttp().getRequest<object>()),
);
