import { quoteName } from './domain/server-names.js';
import { scramVerifier } from './scram.js';
import { codeOf, retried, type Session } from './server-session.js';
import { grantOption } from './tenant-template.js';

export interface LoginOptions {
  readonly password: string;
  /** The NOLOGIN group that owns, or may use, what the role reaches. */
  readonly group?: string;
  readonly connectionsMax?: number;
}

const CONNECTIONS_MAX = 20;

const NOTHING_ELSE = 'NOSUPERUSER NOCREATEDB NOCREATEROLE';

// A verifier has no quote in it: base64 and digits.
const loginOf = ({ password, connectionsMax = CONNECTIONS_MAX }: LoginOptions): string =>
  `LOGIN INHERIT CONNECTION LIMIT ${connectionsMax} PASSWORD '${scramVerifier(password)}'`;

/** The statements for one that is not there yet; `option` as `grantOption` says it. */
export function createLogin(role: string, options: LoginOptions & { readonly group: string }, option: string): string {
  const name = quoteName(role);
  return `CREATE ROLE ${name} ${NOTHING_ELSE} ${loginOf(options)}; GRANT ${quoteName(options.group)} TO ${name}${option}`;
}

/** A login role that is nothing but that, with this password: made, or set right. */
export async function ensureLogin(session: Session, role: string, options: LoginOptions): Promise<void> {
  const name = quoteName(role);
  const { group } = options;
  const login = loginOf(options);
  try {
    await retried(() => session.query(`CREATE ROLE ${name} ${NOTHING_ELSE} ${login}`));
  } catch (error) {
    if (codeOf(error) !== '42710' && codeOf(error) !== '23505') throw error;
    await retried(() => session.query(`ALTER ROLE ${name} ${login}`));
  }
  if (group === undefined) return;
  const option = await grantOption(session);
  await retried(() => session.query(`GRANT ${quoteName(group)} TO ${name}${option}`));
}

/** Of these roles those that exist. */
export async function existingRoles(session: Session, roles: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1::text[]) ORDER BY rolname',
    [roles],
  );
  return rows.map(({ name }) => name);
}

/**
 * Nobody comes in as these roles any more, and whoever is in is put out: a process that was stopped for an hour finds its connections
 * gone when it goes on. May be repeated.
 */
export async function lockOut(session: Session, roles: readonly string[], databases: readonly string[]): Promise<void> {
  const [found, option] = [await existingRoles(session, roles), await grantOption(session)];
  const { rows } = await session.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname = ANY($1::text[])',
    [databases],
  );
  for (const role of found) {
    const name = quoteName(role);
    await retried(() => session.query(`ALTER ROLE ${name} NOLOGIN`));
    for (const database of rows) {
      await retried(() => session.query(`REVOKE CONNECT ON DATABASE ${quoteName(database.name)} FROM ${name}`));
    }
    // Only a member may end a role's sessions.
    await retried(() => session.query(`GRANT ${name} TO CURRENT_USER${option}`));
    await session.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [role]);
  }
}

/** With what they were granted. Of roles that own nothing: whatever they made is gone, or belongs to a group. */
export async function dropRoles(session: Session, roles: readonly string[]): Promise<void> {
  for (const role of await existingRoles(session, roles)) {
    await retried(() => session.query(`DROP ROLE IF EXISTS ${quoteName(role)}`));
  }
}
