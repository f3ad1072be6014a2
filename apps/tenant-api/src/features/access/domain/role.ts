export const ROLES = ['admin', 'staff', 'member'] as const;
export type Role = (typeof ROLES)[number];

/** What an API key may be narrowed to; a session has all that its role has. */
export const KEY_SCOPES = [
  'members:read',
  'members:write',
  'financials:read',
  'financials:write',
  'letterhead:write',
  'self:read',
] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

const OF_ROLE: Readonly<Record<Role, readonly KeyScope[]>> = {
  admin: KEY_SCOPES,
  staff: ['members:read', 'financials:read', 'financials:write', 'self:read'],
  member: ['self:read'],
};

/** A key never has more than its member: who loses a role takes it from all keys. */
export function mayDo(role: Role, keyScopes: readonly string[] | null, needed: KeyScope): boolean {
  return OF_ROLE[role].includes(needed) && (keyScopes === null || keyScopes.includes(needed));
}

/** Of the scopes asked for, those that the role does not have. */
export function beyondRole(role: Role, scopes: readonly KeyScope[]): KeyScope[] {
  return scopes.filter((scope) => !OF_ROLE[role].includes(scope));
}
