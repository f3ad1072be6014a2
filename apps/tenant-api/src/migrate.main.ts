import { grantRuntimeRole, loadEnv, migrate, openDatabase, runMain, SystemClock } from '@biplane/service-kit';
import { homeClient, homeMigrationsFolder } from './database.js';
import { migrationEnvironmentSpec } from './environment.js';
import { beginIncarnation } from './features/metrics/index.js';
import { ensureTemplate, readTenantSchema } from './features/tenancy/index.js';

/** A year of usage is carried in one transaction. */
const RESTORED_MS = 600_000;

// Runs as the owner of the home database, once per release, before the service starts. Harmless when repeated, or run twice at once.
// `--restored`: once after the home database came out of a backup, before the service starts on it (docs/runbooks/backup-restore.md).
await runMain(async () => {
  const environment = loadEnv(migrationEnvironmentSpec);
  const url = environment.HOME_MIGRATION_DATABASE_URL;
  const applied = await migrate({ url, folder: homeMigrationsFolder });
  await grantRuntimeRole({ url, role: environment.RUNTIME_ROLE });
  process.stdout.write(`home database: ${applied.length} migrations applied\n`);
  if (process.argv.includes('--restored')) await raiseIncarnation(url, environment.HOME_ID);
  const template = await ensureTemplate({
    provisionerUrl: environment.PROVISIONER_DATABASE_URL,
    homeId: environment.HOME_ID,
    schema: readTenantSchema(),
  });
  process.stdout.write(`tenant template: ${template}\n`);
});

async function raiseIncarnation(url: string, homeId: string): Promise<void> {
  const database = openDatabase({ url, clientFactory: homeClient, poolMax: 1 });
  try {
    const at = new SystemClock().now();
    const begun = await database.run((tx) => beginIncarnation(tx, homeId, at), { timeoutMs: RESTORED_MS });
    process.stdout.write(
      begun
        ? `incarnation ${begun.incarnation} begins; the one before had ${begun.windows} windows\n`
        : 'this home has never counted: its incarnation stays\n',
    );
  } finally {
    await database.close();
  }
}
