/** One migration as it stands in the folder; the checksum is the one that Prisma writes beside it. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly isFinished: boolean;
}

export type Comparison =
  | { readonly kind: 'pending'; readonly pending: readonly Migration[] }
  | { readonly kind: 'stuck'; readonly reason: 'SCHEMA_AHEAD' | 'MIGRATION_FAILED' | 'CHECKSUM_DIFFERS' };

/** What a database lacks; where its record cannot be continued, nothing is applied. */
export function compare(shipped: readonly Migration[], applied: readonly Applied[]): Comparison {
  const byName = new Map(shipped.map((migration) => [migration.name, migration]));
  for (const { name, checksum, isFinished } of applied) {
    const known = byName.get(name);
    if (!isFinished) return { kind: 'stuck', reason: 'MIGRATION_FAILED' };
    if (!known) return { kind: 'stuck', reason: 'SCHEMA_AHEAD' };
    if (known.checksum !== checksum) return { kind: 'stuck', reason: 'CHECKSUM_DIFFERS' };
  }
  const there = new Set(applied.map(({ name }) => name));
  return { kind: 'pending', pending: shipped.filter(({ name }) => !there.has(name)) };
}

const INDEX =
  /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([a-z_][a-z0-9_]*)"?\s+ON\s[^;]*;?$/i;

/**
 * The index that a migration builds beside the running service, null for every other migration. PostgreSQL builds it outside
 * transactions, so it has to be the only statement of its migration.
 */
export function concurrentIndexOf({ name, sql }: Migration): string | null {
  const statements = sql.replace(/--.*$/gm, '').trim();
  if (!/\bCONCURRENTLY\b/i.test(statements)) return null;
  const index = INDEX.exec(statements)?.[1];
  if (index === undefined)
    throw new TypeError(`${name}: CREATE INDEX CONCURRENTLY is the only statement of its migration`);
  return index;
}
