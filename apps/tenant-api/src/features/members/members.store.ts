import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Role } from '../access/index.js';

export type MemberState = 'invited' | 'active' | 'disabled' | 'erased';

export interface Member {
  readonly id: string;
  readonly role: Role;
  readonly state: MemberState;
  readonly email: string | null;
  readonly name: string | null;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly erasedAt: Date | null;
}

const MEMBER = `SELECT id::text AS id, role, state, email, name, external_id AS "externalId", created_at AS "createdAt",
  erased_at AS "erasedAt" FROM member`;

export async function findMember(tx: Tx, id: string): Promise<Member | null> {
  return (await querySql<Member>(tx, `${MEMBER} WHERE id = $1::uuid`, [id]))[0] ?? null;
}

export async function findMemberByEmail(tx: Tx, email: string): Promise<Member | null> {
  return (await querySql<Member>(tx, `${MEMBER} WHERE email = $1`, [email]))[0] ?? null;
}

/** All admins are locked with it, in one order: of two that take each other's place one waits. */
export async function lockMember(
  tx: Tx,
  id: string,
): Promise<{ readonly member: Member; readonly otherAdmins: number } | null> {
  const rows = await querySql<Member>(
    tx,
    `${MEMBER} WHERE id = $1::uuid OR (role = 'admin' AND state = 'active') ORDER BY id FOR UPDATE`,
    [id],
  );
  const member = rows.find((row) => row.id === id);
  return member ? { member, otherAdmins: rows.filter((row) => row.id !== id).length } : null;
}

/** False when another has the address. */
export async function insertMember(tx: Tx, member: Omit<Member, 'erasedAt'>): Promise<boolean> {
  const { id, role, state, email, name, externalId, createdAt } = member;
  const inserted = await executeSql(
    tx,
    `INSERT INTO member (id, role, state, email, name, external_id, created_at) VALUES ($1::uuid, $2, $3, $4, $5, $6, $7)
     ON CONFLICT DO NOTHING`,
    [id, role, state, email, name, externalId, createdAt],
  );
  return inserted === 1;
}

/** Those that have one of the addresses or of the external ids. */
export async function findMembersLike(
  tx: Tx,
  wanted: readonly { readonly email: string; readonly externalId: string | null }[],
): Promise<readonly Member[]> {
  const emails = wanted.map(({ email }) => email);
  const externalIds = wanted.flatMap(({ externalId }) => externalId ?? []);
  return querySql<Member>(tx, `${MEMBER} WHERE email = ANY($1::text[]) OR external_id = ANY($2::text[])`, [
    emails,
    externalIds,
  ]);
}

/** In one statement. Fewer than were given when another has an address or an external id. */
export async function insertMembers(
  tx: Tx,
  members: readonly Pick<Member, 'id' | 'role' | 'email' | 'name' | 'externalId'>[],
  at: Date,
): Promise<number> {
  if (members.length === 0) return 0;
  return executeSql(
    tx,
    `INSERT INTO member (id, role, state, email, name, external_id, created_at)
     SELECT m.id, m.role, 'invited', m.email, m.name, m.external_id, $6
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS m (id, role, email, name, external_id)
     ON CONFLICT DO NOTHING`,
    [
      members.map(({ id }) => id), members.map(({ role }) => role), members.map(({ email }) => email),
      members.map(({ name }) => name), members.map(({ externalId }) => externalId), at,
    ],
  ); // prettier-ignore
}

export async function saveMember(tx: Tx, member: Pick<Member, 'id' | 'role' | 'state' | 'name'>): Promise<void> {
  const { id, role, state, name } = member;
  await executeSql(tx, 'UPDATE member SET role = $2, state = $3, name = $4 WHERE id = $1::uuid', [
    id,
    role,
    state,
    name,
  ]);
}

/** A new invite; those before it are worth nothing. */
export async function replaceInvite(
  tx: Tx,
  invite: { readonly tokenHash: string; readonly memberId: string; readonly at: Date; readonly expiresAt: Date },
): Promise<void> {
  const { tokenHash, memberId, at, expiresAt } = invite;
  await executeSql(tx, 'UPDATE member_invite SET expires_at = $2 WHERE member_id = $1::uuid AND accepted_at IS NULL AND expires_at > $2', [memberId, at]);
  await executeSql(tx, 'INSERT INTO member_invite VALUES ($1, $2::uuid, $3, $4, NULL)', [tokenHash, memberId, expiresAt, at]);
} // prettier-ignore

/** Everything that says who it was, everywhere but in the ledger, which knows it by its id alone. */
export async function eraseMember(tx: Tx, id: string, at: Date): Promise<void> {
  await executeSql(tx, 'DELETE FROM member_session WHERE member_id = $1::uuid', [id]);
  await executeSql(tx, 'DELETE FROM api_key WHERE member_id = $1::uuid', [id]);
  await executeSql(tx, 'DELETE FROM member_invite WHERE member_id = $1::uuid', [id]);
  await executeSql(tx, 'DELETE FROM oidc_attempt WHERE member_id = $1::uuid', [id]);
  await forgetInAnswers(tx, id);
  await executeSql(
    tx,
    `UPDATE member SET state = 'erased', erased_at = $2, email = NULL, name = NULL, password_hash = NULL, oidc_issuer = NULL,
       oidc_subject = NULL, external_id = NULL WHERE id = $1::uuid`,
    [id, at],
  );
}

/** Invitations that were answered say who was invited, until their day is over. */
async function forgetInAnswers(tx: Tx, id: string): Promise<void> {
  await executeSql(
    tx,
    `UPDATE idempotency_key SET body_text = NULL,
            body = jsonb_set(body, '{member}', body->'member' || '{"email":null,"name":null,"externalId":null}')
      WHERE body->'member'->>'id' = $1`,
    [id],
  );
}

interface MembersWanted {
  readonly after: string | null;
  readonly take: number;
  readonly role?: string | undefined;
  readonly state?: string | undefined;
}

/** By id, after the given one. */
export async function listMembers(tx: Tx, query: MembersWanted, condition = 'TRUE'): Promise<readonly Member[]> {
  const { after, take, role, state } = query;
  const sql = `${MEMBER} WHERE ($1::uuid IS NULL OR id > $1::uuid) AND ($2::text IS NULL OR role = $2) AND ($3::text IS NULL OR state = $3)
    AND ${condition} ORDER BY member.id LIMIT $4`;
  return querySql<Member>(tx, sql, [after, role ?? null, state ?? null, take]);
}

/** The same of those who have an address. */
export const listAddressed = (tx: Tx, query: MembersWanted): Promise<readonly Member[]> =>
  listMembers(tx, query, 'email IS NOT NULL');

/** What the limit `records` counts: all but the erased. */
export async function countMembers(tx: Tx): Promise<string> {
  return (await querySql<{ n: string }>(tx, `SELECT count(*)::text AS n FROM member WHERE state <> 'erased'`))[0]!.n;
}
