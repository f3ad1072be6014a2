/** How a table of one side is named, counted and summed up, for the other side to agree with. */
export interface TableWord {
  readonly name: string;
  readonly rows: number;
  readonly checksum: string;
}

/** A statement on either kind of connection. */
export type Ask = <Row extends object>(sql: string, params: readonly unknown[]) => Promise<Row[]>;

/** Of lines in any order: their number, and a checksum of the sum of what each hashes to. */
export const wordOf = (lines: string): string => `
  SELECT count(*)::int AS rows,
         encode(sha256(convert_to(coalesce(sum(('x' || left(md5(line), 15))::bit(60)::bigint::numeric), 0)::text, 'UTF8')), 'hex') AS checksum
    FROM (${lines}) AS lines(line)`;

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;
const NAME_MAX = 63;
/** Written by whoever migrates, which a program of another version may do in between. */
const NOT_COMPARED = '_prisma_migrations';

/**
 * Every table of a tenant's own database, its ledger with it. It stays where it is and is handed over by its roles: what both homes
 * say of it must be the same all the same.
 */
export async function tenantTableWords(ask: Ask): Promise<TableWord[]> {
  const tables = await ask<{ name: string }>(
    `SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1 ORDER BY tablename`,
    [NOT_COMPARED],
  );
  const words: TableWord[] = [];
  for (const { name } of tables) {
    if (!IDENTIFIER.test(name))
      throw new Error('A table of a tenant database has a name that this program never gives');
    const [word] = await ask<Omit<TableWord, 'name'>>(wordOf(`SELECT to_jsonb(t)::text FROM "${name}" t`), []);
    if (word) words.push({ name: `tenant_${name}`.slice(0, NAME_MAX), ...word });
  }
  return words;
}
