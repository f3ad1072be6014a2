import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { principalOfRequest } from '@biplane/service-kit';
import type { Actor } from './audit.js';

/** Who sends this request, as the audit names it. Only on routes with `@Scopes`. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<{ id?: unknown }>();
  return { id: principalOfRequest(request).clientId, requestId: typeof request.id === 'string' ? request.id : null };
});
