import type { FieldPlace } from '@biplane/service-kit';

/** Where the sealed token of a home stands. */
export function tokenPlace(homeId: string): FieldPlace {
  return { table: 'dedicated_home', column: 'token_encrypted', id: homeId };
}
