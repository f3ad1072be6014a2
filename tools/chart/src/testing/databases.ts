import { randomBytes } from 'node:crypto';
import { requiredVariable } from '@biplane/testing';
import pg from 'pg';

interface Login {
  readonly role: string;
  readonly password: string;
}

const login = (role: string): Login => ({ role, password: randomBytes(18).toString('base64url') });

/** The databases and roles that an operator makes before the first install, on the server of the test parts. */
export class Databases {
  readonly urls: Readonly<Record<'core' | 'coreOwner' | 'home' | 'homeOwner' | 'provisioner', string>>;

  private constructor(
    readonly coreRole: string,
    private readonly homeDatabase: string,
    private readonly logins: Readonly<Record<'core' | 'coreOwner' | 'home' | 'homeOwner' | 'provisioner', Login>>,
  ) {
    const url = ({ role, password }: Login, database: string) => urlOf(role, password, database);
    this.urls = {
      core: url(logins.core, coreRole),
      coreOwner: url(logins.coreOwner, coreRole),
      home: url(logins.home, homeDatabase),
      homeOwner: url(logins.homeOwner, homeDatabase),
      provisioner: url(logins.provisioner, 'postgres'),
    };
  }

  static async create(core: string, homeId: string): Promise<Databases> {
    const hex = homeId.replaceAll('-', '');
    const databases = new Databases(core, `home_${hex}`, {
      core: login(core),
      coreOwner: login(`${core}_owner`),
      home: login(`home_${hex}`),
      homeOwner: login(`home_${hex}_owner`),
      provisioner: login(`provisioner_${hex}`),
    });
    await databases.make();
    return databases;
  }

  /** Everything of the installation, with what the pool made: its template and its tenants. */
  async drop(): Promise<void> {
    const { logins, homeDatabase, coreRole } = this;
    await administer(async (client) => {
      const owned = await client.query<{ datname: string }>(
        `SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
          WHERE r.rolname = $1 OR pg_has_role($1, r.oid, 'MEMBER')`,
        [logins.provisioner.role],
      );
      const made = owned.rows.map(({ datname }) => datname).filter((name) => name !== 'postgres');
      for (const name of [...new Set([...made, homeDatabase, coreRole])]) {
        await client.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} IS_TEMPLATE false`);
        await client.query(`DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      }
      for (const { role } of Object.values(logins)) await dropRole(client, role);
    });
  }

  private async make(): Promise<void> {
    const { logins } = this;
    await administer(async (client) => {
      for (const each of Object.values(logins)) await createRole(client, each, each === logins.provisioner);
      for (const [owner, runtime, database] of [
        [logins.coreOwner.role, logins.core.role, this.coreRole],
        [logins.homeOwner.role, logins.home.role, this.homeDatabase],
      ] as const) {
        const name = pg.escapeIdentifier(database);
        await client.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner)}`);
        await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
        await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${pg.escapeIdentifier(runtime)}`);
      }
      await client.query(`GRANT CONNECT ON DATABASE postgres TO ${pg.escapeIdentifier(logins.provisioner.role)}`);
    });
  }
}

async function createRole(client: pg.Client, { role, password }: Login, mayProvision: boolean): Promise<void> {
  const rights = mayProvision ? 'CREATEDB CREATEROLE' : '';
  await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN ${rights} PASSWORD ${pg.escapeLiteral(password)}`);
}

async function dropRole(client: pg.Client, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  await client.query(`DROP OWNED BY ${name} CASCADE`);
  await client.query(`DROP ROLE ${name}`);
}

function urlOf(user: string, password: string, database: string): string {
  const url = new URL(requiredVariable('TEST_POSTGRES_URL'));
  url.username = user;
  url.password = password;
  url.pathname = `/${database}`;
  return url.href;
}

async function administer(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: requiredVariable('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
