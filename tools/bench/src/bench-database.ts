import { randomUUID } from 'node:crypto';
import { migrate, type UnitOfWork } from '@biplane/service-kit';
import { migrationsFolder, readStackFile, requiredVariable, testUnitOfWork, type SchemaName } from '@biplane/testing';
import pg from 'pg';

/** A database of its own on the stack's server, which syncs to disk; dropped afterwards. */
export async function withDatabase<T>(schema: SchemaName, work: (unitOfWork: UnitOfWork) => Promise<T>): Promise<T> {
  const server = readStackFile(requiredVariable('STACK_FILE')).postgres;
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await administer(server, `CREATE DATABASE ${name}`);
  try {
    await migrate({ url: url.href, folder: migrationsFolder(schema) });
    const unitOfWork = await testUnitOfWork(schema, url.href);
    try {
      return await work(unitOfWork);
    } finally {
      await unitOfWork.close();
    }
  } finally {
    await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
