import { createHash } from 'node:crypto';
import type { Migration } from './domain/migration-script.js';

/** With the checksum that Prisma's engine would write. */
export function migrationOf(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

/** 16 hex digits over what is applied: equal where two databases have had the same migrations with the same contents. */
export function checksumOf(applied: readonly { readonly name: string; readonly checksum: string }[]): string {
  const hash = createHash('sha256');
  for (const { name, checksum } of applied) hash.update(`${name} ${checksum}\n`);
  return hash.digest('hex').slice(0, 16);
}
