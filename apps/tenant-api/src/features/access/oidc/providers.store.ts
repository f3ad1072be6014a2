import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Sealed; null of a client without one. */
  readonly clientSecret: string | null;
  readonly redirectUris: readonly string[];
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const PROVIDER = `SELECT id::text AS id, name, issuer, client_id AS "clientId", client_secret AS "clientSecret",
  redirect_uris AS "redirectUris", enabled, created_at AS "createdAt", updated_at AS "updatedAt" FROM identity_provider`;

/** By name; there are at most as many as `insertProvider` lets be. */
export async function listProviders(tx: Tx): Promise<readonly Provider[]> {
  return querySql<Provider>(tx, `${PROVIDER} ORDER BY name, identity_provider.id`);
}

export async function findProvider(tx: Tx, id: string): Promise<Provider | null> {
  return (await querySql<Provider>(tx, `${PROVIDER} WHERE id = $1::uuid`, [id]))[0] ?? null;
}

export async function lockProvider(tx: Tx, id: string): Promise<Provider | null> {
  return (await querySql<Provider>(tx, `${PROVIDER} WHERE id = $1::uuid FOR UPDATE`, [id]))[0] ?? null;
}

/** False when the issuer has one, or there are twenty. */
export async function insertProvider(tx: Tx, provider: Provider): Promise<boolean> {
  const { id, name, issuer, clientId, clientSecret, redirectUris, enabled, createdAt, updatedAt } = provider;
  const inserted = await executeSql(
    tx,
    `INSERT INTO identity_provider (id, name, issuer, client_id, client_secret, redirect_uris, enabled, created_at, updated_at)
     SELECT $1::uuid, $2, $3, $4, $5, $6::text[], $7, $8, $9 WHERE (SELECT count(*) FROM identity_provider) < 20
     ON CONFLICT DO NOTHING`,
    [id, name, issuer, clientId, clientSecret, redirectUris, enabled, createdAt, updatedAt],
  );
  return inserted === 1;
}

export async function saveProvider(tx: Tx, provider: Provider): Promise<void> {
  const { id, name, clientId, clientSecret, redirectUris, enabled, updatedAt } = provider;
  await executeSql(
    tx,
    `UPDATE identity_provider SET name = $2, client_id = $3, client_secret = $4, redirect_uris = $5::text[], enabled = $6, updated_at = $7
      WHERE id = $1::uuid`,
    [id, name, clientId, clientSecret, redirectUris, enabled, updatedAt],
  );
}

/** With the sign-ins that are under way there. */
export async function deleteProvider(tx: Tx, id: string): Promise<boolean> {
  return (await executeSql(tx, 'DELETE FROM identity_provider WHERE id = $1::uuid', [id])) === 1;
}
