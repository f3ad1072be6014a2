import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Beside the program, in its source and in its build alike. */
const MIGRATIONS = fileURLToPath(new URL('../../../../../prisma/tenant/migrations', import.meta.url));

/** The migrations of a tenant database, as shipped with this program. */
export interface TenantSchema {
  readonly folder: string;
  /** Of all of them, in order. */
  readonly names: readonly string[];
  /** The newest migration: what core-api is told. */
  readonly version: string;
  /** 16 hex digits over names and contents: names the template. */
  readonly hash: string;
}

export function readTenantSchema(folder: string = MIGRATIONS): TenantSchema {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(folder, name, 'migration.sql')));
  const version = names.at(-1);
  if (version === undefined) throw new Error('There are no tenant migrations');
  return { folder, names, version, hash: hash.digest('hex').slice(0, 16) };
}
