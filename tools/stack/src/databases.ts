import pg from 'pg';

/** A database with the role that owns its tables and the role that works in it. */
export interface DatabaseSpec {
  database: string;
  owner: string;
  ownerPassword: string;
  runtime: string;
  runtimePassword: string;
}

/** A role that may create databases and roles, and is not a superuser. */
export interface ProvisionerSpec {
  role: string;
  password: string;
}

/** Creates or adopts databases and roles; passwords are set anew each time, so an old stack's data can be used again. */
export async function ensureDatabases(
  adminUrl: string,
  databases: DatabaseSpec[],
  provisioners: ProvisionerSpec[],
  ownServer: boolean,
): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // On our own server no role may connect to a database that is not its own. On yours, that is your decision.
    if (ownServer) await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
    for (const { role, password } of provisioners) {
      await ensureRole(client, role, password, 'CREATEDB CREATEROLE');
      await client.query(`GRANT CONNECT ON DATABASE ${currentDatabase(client)} TO ${quoted(role)}`);
    }
    for (const spec of databases) await ensureDatabase(client, spec);
  } finally {
    await client.end();
  }
}

async function ensureDatabase(client: pg.Client, spec: DatabaseSpec): Promise<void> {
  await ensureRole(client, spec.owner, spec.ownerPassword, '');
  await ensureRole(client, spec.runtime, spec.runtimePassword, '');
  // A managed server's administrator is no superuser: it must be a member of a role to hand a database to it.
  await client.query(`GRANT ${quoted(spec.owner)} TO CURRENT_USER`);
  const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [spec.database]);
  if (known.rowCount === 0) await client.query(`CREATE DATABASE ${quoted(spec.database)} OWNER ${quoted(spec.owner)}`);
  await client.query(`REVOKE CONNECT ON DATABASE ${quoted(spec.database)} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${quoted(spec.database)} TO ${quoted(spec.runtime)}`);
}

async function ensureRole(client: pg.Client, role: string, password: string, rights: string): Promise<void> {
  const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(`${verb} ROLE ${quoted(role)} LOGIN ${rights} PASSWORD ${client.escapeLiteral(password)}`);
}

function currentDatabase(client: pg.Client): string {
  return quoted(client.database ?? 'postgres');
}

function quoted(name: string): string {
  return pg.escapeIdentifier(name);
}

/** The same server, another user and database. */
export function withLogin(adminUrl: string, user: string, password: string, database?: string): string {
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  if (database !== undefined) url.pathname = `/${database}`;
  return url.toString();
}
