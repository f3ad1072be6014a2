import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type SchemaName = 'core' | 'home' | 'tenant';

/** By path and not by import: this library is shared, the schemas belong to the planes. */
export function migrationsFolder(schema: SchemaName): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'prisma', schema, 'migrations');
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`No prisma/${schema}/migrations above ${import.meta.url}`);
}
