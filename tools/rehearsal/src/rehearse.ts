import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { contentOf, differences, guardsOf, work } from './content.js';
import { CORE, Platform } from './platform.js';
import { PostgresServer, type Programs } from './postgres-server.js';

export interface Rehearsed {
  readonly postgres: string;
  readonly databases: number;
  readonly tables: number;
  readonly backupMs: number;
  readonly restoreMs: number;
  readonly readyMs: number;
}

/**
 * Loses a server and brings it back, by the commands of docs/runbooks/backup-restore.md, on PostgreSQL servers of its own. Throws at the
 * first thing that is not as it was. `folder` has to be readable by the user of the server.
 */
export async function rehearse(programs: Programs, folder: string, say: (line: string) => void): Promise<Rehearsed> {
  const platform = new Platform();
  const saved = path.join(folder, 'saved');
  mkdirSync(saved, { recursive: true });
  const first = await PostgresServer.start(programs, path.join(folder, 'first'));
  try {
    await platform.install(first);
    await work(first, platform, 5, 1);
    const content = await contentOf(first, platform.databases);
    const guards = await guardsOf(first, platform.databases);
    const backupMs = await timed(() => backUp(first, platform, saved));
    say(`${platform.databases.length} databases with ${content.size} tables saved in ${backupMs} ms`);
    await work(first, platform, 3, 2);
    await first.kill();
    rmSync(path.join(folder, 'first'), { recursive: true });
    say('worked on, and lost the server with its disk');

    const second = await PostgresServer.start(programs, path.join(folder, 'second'));
    try {
      const restoreMs = await timed(() => restore(second, platform, saved));
      expectNone(
        'content differs from what was saved',
        differences(content, await contentOf(second, platform.databases)),
      );
      expectNone('a guard is not as it was', differences(guards, await guardsOf(second, platform.databases)));
      await expectDoors(second, platform);
      say(`restored in ${restoreMs} ms: every row, owner, grant, trigger, constraint and password is as it was saved`);
      const readyMs = await timed(() => begin(second, platform));
      say(`migrated and begun as incarnation 2 in ${readyMs} ms`);
      const { version } = programs;
      return {
        postgres: version,
        databases: platform.databases.length,
        tables: content.size,
        backupMs,
        restoreMs,
        readyMs,
      };
    } finally {
      await second.kill();
    }
  } finally {
    await first.kill();
  }
}

/** Home first, its tenants next, core-api last: whoever is saved later knows at least what the one before refers to. */
async function backUp(server: PostgresServer, platform: Platform, saved: string): Promise<void> {
  await server.program('pg_dumpall', ['--roles-only', '--file', path.join(saved, 'roles.sql')]);
  for (const database of platform.databases) {
    await server.program('pg_dump', [
      '--format=custom',
      '--create',
      '--file',
      path.join(saved, `${database}.dump`),
      database,
    ]);
  }
}

async function restore(server: PostgresServer, platform: Platform, saved: string): Promise<void> {
  // The super user is there already: its CREATE ROLE is the one statement that fails.
  await server.program('psql', ['--quiet', '--no-psqlrc', '-d', 'postgres', '-f', path.join(saved, 'roles.sql')]);
  await server.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
  await server.query(`GRANT CONNECT ON DATABASE postgres TO ${platform.home.provisioner}`);
  for (const database of platform.databases) {
    const file = path.join(saved, `${database}.dump`);
    await server.program('pg_restore', ['--create', '--exit-on-error', '-d', 'postgres', file]);
  }
}

/** The passwords still let everybody in where they belong, and nowhere else. */
async function expectDoors(server: PostgresServer, platform: Platform): Promise<void> {
  const [first, second] = platform.tenants.map((id) => ({ database: tenantDatabaseName(id), ...tenantRoleNames(id) }));
  if (!first || !second) throw new Error('The rehearsal has two tenants at least');
  for (const { database, runtime } of [CORE, platform.home, first, second]) {
    await server.query('SELECT 1', platform.url(server, database, runtime));
  }
  const closed = [
    [second.database, first.runtime],
    [CORE.database, first.runtime],
    [platform.home.database, CORE.runtime],
  ] as const;
  for (const [database, role] of closed) {
    const came = await server.query('SELECT 1', platform.url(server, database, role)).then(
      () => true,
      () => false,
    );
    if (came) throw new Error(`${role} came into ${database}`);
  }
}

async function begin(server: PostgresServer, platform: Platform): Promise<void> {
  const said = await platform.migrate(server, '--restored');
  for (const line of [
    'core database: 0 migrations applied',
    'home database: 0 migrations applied',
    'incarnation 2 begins',
  ]) {
    if (!said.includes(line)) throw new Error(`migrate.main did not say "${line}" but: ${said}`);
  }
  const [home] = await server.query(
    `SELECT (SELECT incarnation FROM home_state) AS incarnation, (SELECT count(*)::int FROM usage_window) AS windows,
            (SELECT trim_scale(sum(quantity))::text FROM usage_carried) AS carried`,
    server.url(platform.home.database),
  );
  const expected = { incarnation: 2, windows: 0, carried: String(5 * platform.tenants.length) };
  if (JSON.stringify(home) !== JSON.stringify(expected)) throw new Error(`The home began as ${JSON.stringify(home)}`);
}

function expectNone(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Error(`${what}: ${found.join(', ')}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}
