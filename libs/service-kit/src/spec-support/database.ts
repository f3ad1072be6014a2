import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../database/migrations.js';
import { openDatabase, type PrismaAdapter } from '../database/open-database.js';
import type { UnitOfWork } from '../database/unit-of-work.js';

export const HOME_PRISMA = fileURLToPath(new URL('../../../../prisma/home', import.meta.url));

/** The launcher gives it; a suite that needs it and finds none must fail, not skip. */
export function testPostgresUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined) throw new Error('TEST_POSTGRES_URL is unset: run the suite through ./biplane test');
  return url;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `kit_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(testPostgresUrl());
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

export async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: testPostgresUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Any generated client serves; the path is computed because a shared library may not depend on a plane. */
export async function homeClientFactory(): Promise<(adapter: PrismaAdapter) => unknown> {
  const { PrismaClient } = (await import(`${HOME_PRISMA}/src/index.ts`)) as {
    PrismaClient: new (options: object) => unknown;
  };
  return (adapter) => new PrismaClient({ adapter });
}

export async function openHomeDatabase(
  url: string,
  clientFactory: (adapter: PrismaAdapter) => unknown,
): Promise<UnitOfWork> {
  await migrate({ url, folder: `${HOME_PRISMA}/migrations` });
  return openDatabase({ url, clientFactory });
}
