import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TenantSchema } from '../tenancy/index.js';
import { checksumOf, migrationOf } from './checksums.js';
import { concurrentIndexOf, type Migration } from './domain/migration-script.js';

export interface Shipped {
  readonly schema: TenantSchema;
  readonly migrations: readonly Migration[];
  /** As `checksumOf` says it of a database that has had them all. */
  readonly checksum: string;
}

/** The migrations of this program, read once. Throws where one could not be applied to any database. */
export function readShipped(schema: TenantSchema): Shipped {
  const migrations = readdirSync(schema.folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => migrationOf(name, readFileSync(join(schema.folder, name, 'migration.sql'), 'utf8')))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const migration of migrations) concurrentIndexOf(migration);
  return { schema, migrations, checksum: checksumOf(migrations) };
}
