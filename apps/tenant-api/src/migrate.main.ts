import { grantRuntimeRole, loadEnv, migrate, runMain } from '@biplane/service-kit';
import { homeMigrationsFolder } from './database.js';
import { migrationEnvironmentSpec } from './environment.js';
import { ensureTemplate, readTenantSchema } from './features/tenancy/index.js';

// Runs as the owner of the home database, once per release, before the service starts. Harmless when repeated, or run twice at once.
await runMain(async () => {
  const environment = loadEnv(migrationEnvironmentSpec);
  const url = environment.HOME_MIGRATION_DATABASE_URL;
  const applied = await migrate({ url, folder: homeMigrationsFolder });
  await grantRuntimeRole({ url, role: environment.RUNTIME_ROLE });
  process.stdout.write(`home database: ${applied.length} migrations applied\n`);
  const template = await ensureTemplate({
    provisionerUrl: environment.PROVISIONER_DATABASE_URL,
    homeId: environment.HOME_ID,
    schema: readTenantSchema(),
  });
  process.stdout.write(`tenant template: ${template}\n`);
});
