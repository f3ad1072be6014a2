import { fileURLToPath } from 'node:url';
import { PrismaClient as HomeClient } from '@biplane/prisma-home';
import { PrismaClient as TenantClient } from '@biplane/prisma-tenant';
import { openDatabase, type DatabaseOptions, type PrismaAdapter, type UnitOfWork } from '@biplane/service-kit';

/** For `DatabaseModule.forRoot`: the home database is the one of this process. */
export const homeClient = (adapter: PrismaAdapter): unknown => new HomeClient({ adapter });

/** What the connections of handles are called on the server; whoever has another name there writes nothing. */
export const TENANT_APPLICATION = 'biplane-tenant';

/** A tenant's database, opened as its runtime role. Only the tenancy feature calls this: everybody else has a handle. */
export function openTenantDatabase(
  url: string,
  options: Pick<DatabaseOptions, 'poolMax' | 'idleMs' | 'onError'>,
): UnitOfWork {
  return openDatabase({
    ...options,
    url,
    clientFactory: (adapter) => new TenantClient({ adapter }),
    applicationName: TENANT_APPLICATION,
  });
}

/** Beside the program, in its source and in its build alike. */
export const homeMigrationsFolder = fileURLToPath(new URL('../../../prisma/home/migrations', import.meta.url));
