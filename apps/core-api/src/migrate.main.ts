import { fileURLToPath } from 'node:url';
import { grantRuntimeRole, loadEnv, migrate, openDatabase, runMain } from '@biplane/service-kit';
import { createCoreClient } from './database.js';
import { migrationEnvironmentSpec } from './environment.js';
import { restrictRuntimeRole } from './privileges.js';

// Runs as the owner of the tables, once per release, before the service starts. Harmless when repeated.
await runMain(async () => {
  const { CORE_MIGRATION_DATABASE_URL: url, RUNTIME_ROLE: role } = loadEnv(migrationEnvironmentSpec);
  const folder = fileURLToPath(new URL('../../../prisma/core/migrations', import.meta.url));
  const applied = await migrate({ url, folder });
  await grantRuntimeRole({ url, role });
  const owner = openDatabase({ url, clientFactory: createCoreClient });
  await owner.run((tx) => restrictRuntimeRole(tx, role));
  await owner.close();
  process.stdout.write(`core database: ${applied.length} migrations applied\n`);
});
