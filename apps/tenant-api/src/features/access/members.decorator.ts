import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { AccessBy } from '@biplane/service-kit';
import type { KeyScope } from './domain/role.js';
import { MemberGuard, PERMISSION } from './member.guard.js';

/**
 * For signed-in members whose role (and key) has the permission, in their own tenant. Stands on the controller, so that it comes
 * before the gate of a route.
 */
export const Members = (permission: KeyScope): MethodDecorator & ClassDecorator =>
  applyDecorators(
    AccessBy(`a member's session or API key: ${permission}`),
    SetMetadata<string, KeyScope>(PERMISSION, permission),
    UseGuards(MemberGuard),
    ApiBearerAuth(),
  );
