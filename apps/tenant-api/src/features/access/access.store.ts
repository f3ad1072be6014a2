import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { TokenKind } from './domain/member-token.js';
import type { Role } from './domain/role.js';

export interface SignedIn {
  readonly memberId: string;
  readonly role: Role;
  readonly keyScopes: readonly string[] | null;
}

/** Of an active member, by a session or key that is neither expired nor revoked. */
export async function findByToken(tx: Tx, kind: TokenKind, hash: string, now: Date): Promise<SignedIn | null> {
  const sql =
    kind === 'session'
      ? `SELECT m.id::text AS "memberId", m.role, NULL::text[] AS "keyScopes" FROM member_session s JOIN member m ON m.id = s.member_id
          WHERE s.token_hash = $1 AND s.expires_at > $2 AND m.state = 'active'`
      : `SELECT m.id::text AS "memberId", m.role, k.scopes AS "keyScopes" FROM api_key k JOIN member m ON m.id = k.member_id
          WHERE k.token_hash = $1 AND (k.expires_at IS NULL OR k.expires_at > $2) AND k.revoked_at IS NULL AND m.state = 'active'`;
  return (await querySql<SignedIn>(tx, sql, [hash, now]))[0] ?? null;
}

export interface Credentials {
  readonly memberId: string;
  readonly passwordHash: string | null;
}

export async function findCredentials(tx: Tx, email: string): Promise<Credentials | null> {
  const sql = `SELECT id::text AS "memberId", password_hash AS "passwordHash" FROM member WHERE email = $1 AND state = 'active'`;
  return (await querySql<Credentials>(tx, sql, [email]))[0] ?? null;
}

export async function findPassword(tx: Tx, memberId: string): Promise<string | null> {
  const sql = 'SELECT password_hash AS hash FROM member WHERE id = $1::uuid';
  return (await querySql<{ hash: string | null }>(tx, sql, [memberId]))[0]?.hash ?? null;
}

export interface Profile {
  readonly id: string;
  readonly role: Role;
  readonly email: string | null;
  readonly name: string | null;
  /** What it may sign in with. */
  readonly hasPassword: boolean;
  readonly identityIssuer: string | null;
}

export async function findProfile(tx: Tx, memberId: string): Promise<Profile> {
  const sql = `SELECT id::text AS id, role, email, name, password_hash IS NOT NULL AS "hasPassword", oidc_issuer AS "identityIssuer"
    FROM member WHERE id = $1::uuid`;
  return (await querySql<Profile>(tx, sql, [memberId]))[0]!;
}

export async function findOidcMember(tx: Tx, issuer: string, subject: string): Promise<string | null> {
  const sql = `SELECT id::text AS id FROM member WHERE oidc_issuer = $1 AND oidc_subject = $2 AND state = 'active'`;
  return (await querySql<{ id: string }>(tx, sql, [issuer, subject]))[0]?.id ?? null;
}

/** False when the member is no longer active, or has another password than the one that was checked. */
export async function insertSession(
  tx: Tx,
  session: { readonly tokenHash: string; readonly memberId: string; readonly at: Date; readonly expiresAt: Date },
  passwordHash: string | null,
): Promise<boolean> {
  const { tokenHash, memberId, at, expiresAt } = session;
  const inserted = await executeSql(
    tx,
    `INSERT INTO member_session SELECT $1, id, $3, $4 FROM member
      WHERE id = $2::uuid AND state = 'active' AND password_hash IS NOT DISTINCT FROM $5 FOR SHARE`,
    [tokenHash, memberId, at, expiresAt, passwordHash],
  );
  return inserted === 1;
}

export async function deleteSession(tx: Tx, tokenHash: string): Promise<void> {
  await executeSql(tx, 'DELETE FROM member_session WHERE token_hash = $1', [tokenHash]);
}

/** All of a member but one: after a change of password nothing older is good. */
export async function deleteSessions(tx: Tx, memberId: string, except: string | null = null): Promise<void> {
  const sql = 'DELETE FROM member_session WHERE member_id = $1::uuid AND token_hash IS DISTINCT FROM $2';
  await executeSql(tx, sql, [memberId, except]);
}

const GOOD_INVITE = `SELECT i.member_id::text AS id FROM member_invite i JOIN member m ON m.id = i.member_id
  WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.expires_at > $2 AND m.state = 'invited'`;

/** The member that it is for; null when it cannot be accepted. */
export async function invitedBy(tx: Tx, tokenHash: string, now: Date): Promise<string | null> {
  return (await querySql<{ id: string }>(tx, GOOD_INVITE, [tokenHash, now]))[0]?.id ?? null;
}

/** The member of an invite that can be accepted at the instant, locked with its invite. */
export async function lockInvite(tx: Tx, tokenHash: string, now: Date): Promise<string | null> {
  return (await querySql<{ id: string }>(tx, `${GOOD_INVITE} FOR UPDATE`, [tokenHash, now]))[0]?.id ?? null;
}

export interface Accepted {
  readonly tokenHash: string;
  readonly memberId: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly passwordHash: string | null;
  readonly oidc: { readonly issuer: string; readonly subject: string } | null;
  readonly at: Date;
}

export async function hasAddress(tx: Tx, memberId: string): Promise<boolean> {
  return (await querySql(tx, 'SELECT 1 FROM member WHERE id = $1::uuid AND email IS NOT NULL', [memberId])).length > 0;
}

/** False when the address is not that of the invite, or another member's: then nothing that is written may be kept. */
export async function acceptInvite(tx: Tx, accepted: Accepted): Promise<boolean> {
  const { tokenHash, memberId, email, name, passwordHash, oidc, at } = accepted;
  await executeSql(tx, 'UPDATE member_invite SET accepted_at = $2 WHERE token_hash = $1', [tokenHash, at]);
  const accepting = await executeSql(
    tx,
    `UPDATE member SET state = 'active', email = coalesce($2, email), name = coalesce($3, name), password_hash = $4,
       oidc_issuer = $5, oidc_subject = $6 WHERE id = $1::uuid
         AND ($2::text IS NULL OR email = $2 OR (email IS NULL AND NOT EXISTS (SELECT 1 FROM member other WHERE other.email = $2)))`,
    [memberId, email, name, passwordHash, oidc?.issuer ?? null, oidc?.subject ?? null],
  );
  return accepting === 1;
}

/** False when the member is no longer active, or has another password than the one that was checked. */
export async function savePassword(
  tx: Tx,
  memberId: string,
  password: { readonly checked: string; readonly next: string },
): Promise<boolean> {
  const sql = `UPDATE member SET password_hash = $3 WHERE id = $1::uuid AND state = 'active' AND password_hash = $2`;
  return (await executeSql(tx, sql, [memberId, password.checked, password.next])) === 1;
}

/** Append-only, without values. */
export async function recordAccess(
  tx: Tx,
  entry: { readonly at: Date; readonly actor: string; readonly action: string; readonly object: string },
): Promise<void> {
  const { at, actor, action, object } = entry;
  await executeSql(tx, 'INSERT INTO member_audit (at, actor, action, object) VALUES ($1, $2, $3, $4)', [
    at,
    actor,
    action,
    object,
  ]);
}

/** One entry for each object, in one statement. */
export async function recordAccesses(
  tx: Tx,
  entry: { readonly at: Date; readonly actor: string; readonly action: string },
  objects: readonly string[],
): Promise<void> {
  if (objects.length === 0) return;
  const sql = 'INSERT INTO member_audit (at, actor, action, object) SELECT $1, $2, $3, o FROM unnest($4::text[]) AS o';
  await executeSql(tx, sql, [entry.at, entry.actor, entry.action, objects]);
}
