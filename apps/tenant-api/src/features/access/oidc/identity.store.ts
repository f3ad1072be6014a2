import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** Who somebody is at an issuer. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** Of a member, locked. */
export async function lockSignIns(
  tx: Tx,
  memberId: string,
): Promise<{ readonly issuer: string | null; readonly hasPassword: boolean } | null> {
  const sql = `SELECT oidc_issuer AS issuer, password_hash IS NOT NULL AS "hasPassword" FROM member
    WHERE id = $1::uuid AND state = 'active' FOR UPDATE`;
  return (await querySql<{ issuer: string | null; hasPassword: boolean }>(tx, sql, [memberId]))[0] ?? null;
}

/** Whoever has it, in whatever state. */
export async function isIdentityTaken(tx: Tx, { issuer, subject }: Identity): Promise<boolean> {
  const sql = 'SELECT 1 FROM member WHERE oidc_issuer = $1 AND oidc_subject = $2';
  return (await querySql(tx, sql, [issuer, subject])).length > 0;
}

export async function saveIdentity(tx: Tx, memberId: string, identity: Identity | null): Promise<void> {
  const sql = 'UPDATE member SET oidc_issuer = $2, oidc_subject = $3 WHERE id = $1::uuid';
  await executeSql(tx, sql, [memberId, identity?.issuer ?? null, identity?.subject ?? null]);
}

/** Whether the session is open still, of that member. */
export async function isSessionOpen(tx: Tx, tokenHash: string, memberId: string, now: Date): Promise<boolean> {
  const sql = 'SELECT 1 FROM member_session WHERE token_hash = $1 AND member_id = $2::uuid AND expires_at > $3';
  return (await querySql(tx, sql, [tokenHash, memberId, now])).length > 0;
}

/** False when the member is no longer active, or has another identity than the one that was proven. */
export async function insertSessionOf(
  tx: Tx,
  session: { readonly tokenHash: string; readonly memberId: string; readonly at: Date; readonly expiresAt: Date },
  { issuer, subject }: Identity,
): Promise<boolean> {
  const { tokenHash, memberId, at, expiresAt } = session;
  const inserted = await executeSql(
    tx,
    `INSERT INTO member_session SELECT $1, id, $3, $4 FROM member
      WHERE id = $2::uuid AND state = 'active' AND oidc_issuer = $5 AND oidc_subject = $6 FOR SHARE`,
    [tokenHash, memberId, at, expiresAt, issuer, subject],
  );
  return inserted === 1;
}
