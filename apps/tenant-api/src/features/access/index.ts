export { AccessModule } from './access.module.js';
export { AccessErrors } from './access.errors.js';
export { TEXT } from './access.dto.js';
export { deleteSessions, recordAccess, recordAccesses } from './access.store.js';
export { newSecret, tokenHash } from './token-hash.js';
export { resealClientSecrets } from './oidc/reseal-client-secrets.js';
export { ROLES, type KeyScope, type Role } from './domain/role.js';
export {
  actorOf,
  CurrentMember,
  CurrentTenant,
  memberOf,
  needs,
  needsSessionToGive,
  type MemberPrincipal,
} from './member-request.js';
export { Members } from './members.decorator.js';
export { NamedTenant } from './named-tenant.js';
export { TenantIdempotency } from './tenant-idempotency.js';
