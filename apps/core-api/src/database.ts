import { PrismaClient } from '@biplane/prisma-core';
import type { PrismaAdapter } from '@biplane/service-kit';

export function createCoreClient(adapter: PrismaAdapter): PrismaClient {
  return new PrismaClient({ adapter });
}
