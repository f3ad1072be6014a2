import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** A sign-in, a link or the acceptance of an invite that is under way at a provider. */
export interface Attempt {
  readonly stateHash: string;
  readonly flowHash: string;
  readonly providerId: string;
  readonly purpose: 'sign_in' | 'link' | 'accept';
  readonly memberId: string | null;
  /** Of the session that links, or of the invite that is accepted. */
  readonly tokenHash: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly redirectUri: string;
  /** Nonce and code verifier, sealed. */
  readonly checks: string;
  readonly expiresAt: Date;
}

const FORGOTTEN_MAX = 100;

export async function insertAttempt(tx: Tx, attempt: Attempt): Promise<void> {
  const { stateHash, flowHash, providerId, purpose, memberId, tokenHash, email, name, redirectUri, checks, expiresAt } =
    attempt;
  await executeSql(
    tx,
    `INSERT INTO oidc_attempt (state_hash, flow_hash, provider_id, purpose, member_id, token_hash, email, name, redirect_uri, checks, expires_at)
     VALUES ($1, $2, $3::uuid, $4, $5::uuid, $6, $7, $8, $9, $10, $11)`,
    [stateHash, flowHash, providerId, purpose, memberId, tokenHash, email, name, redirectUri, checks, expiresAt],
  );
}

/** Takes it: whoever comes with the same state again finds none. */
export async function takeAttempt(
  tx: Tx,
  known: { readonly stateHash: string; readonly flowHash: string; readonly now: Date },
): Promise<Attempt | null> {
  const sql = `DELETE FROM oidc_attempt WHERE state_hash = $1 AND flow_hash = $2 AND expires_at > $3
    RETURNING state_hash AS "stateHash", flow_hash AS "flowHash", provider_id::text AS "providerId", purpose,
      member_id::text AS "memberId", token_hash AS "tokenHash", email, name, redirect_uri AS "redirectUri", checks,
      expires_at AS "expiresAt"`;
  return (await querySql<Attempt>(tx, sql, [known.stateHash, known.flowHash, known.now]))[0] ?? null;
}

/** Those that nobody completed, some at a time: who begins one clears away behind others. */
export async function forgetAttempts(tx: Tx, now: Date): Promise<void> {
  const sql = `DELETE FROM oidc_attempt WHERE state_hash IN
    (SELECT state_hash FROM oidc_attempt WHERE expires_at <= $1 LIMIT ${FORGOTTEN_MAX} FOR UPDATE SKIP LOCKED)`;
  await executeSql(tx, sql, [now]);
}
