import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Job, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import type { TenantHandle, TenantHandles } from '../tenancy/index.js';
import { watchDurability } from '../../testing/watched-durability.js';
import type { TenantEnvironment } from '../../environment.js';
import type { HomeMoves } from '../moves/index.js';
import { BillingJobProcessor } from './billing-job.processor.js';
import { BillingMove } from './billing-move.js';
import type { BillingQueue } from './billing-queue.js';
import type { BillingRuns } from './billing-runs.service.js';
import { DueIndex } from './due-index.service.js';
import { saveDue } from './due-index.store.js';

const start = new Date('2026-03-01T10:00:00.000Z');
let postgres: TestPostgres;
let home: UnitOfWork;

beforeAll(async () => {
  Logger.overrideLogger(['fatal']);
  postgres = await testPostgres('home');
  home = await testUnitOfWork('home', postgres.url);
});
afterAll(async () => {
  await home?.close();
  await postgres?.drop();
});

it('databases that are away do not hide those that can be read, and are tried again themselves', async () => {
  const ids = Array.from({ length: 50 }, () => randomUUID());
  await postgres.query(
    `INSERT INTO tenant_database (deployment_id, tenant_id, name, state, attempts, epoch, owner_secret, runtime_secret, admin_bootstrapped, intent_at, updated_at)
     SELECT id, id, 'tenant_' || replace(id::text, '-', ''), 'ready', 0, 1, '', '', true, $2, $2 FROM unnest($1::uuid[]) AS id`,
    [ids, start],
  );
  // More than are read in one go, and found before all others.
  const away = new Set<string>([...ids].sort().slice(0, 30));
  const read: string[] = [];
  const clock = new FakeClock(start);
  const processor = {
    refresh: async ({ deploymentId }: TenantHandle) => {
      read.push(deploymentId);
      if (away.has(deploymentId)) throw new Error('the database is away');
      await home.run((tx) => saveDue(tx, deploymentId, null, clock.now()));
    },
  };
  const jobs = new Map<string, Job>();
  const index = new DueIndex(
    home,
    { find: (deploymentId: string) => ({ deploymentId, epoch: 1 }) } as TenantHandles,
    {} as BillingQueue,
    processor as BillingJobProcessor,
    { register: (job: Job) => void jobs.set(job.name, job) } as unknown as JobRunner,
    clock,
  );
  index.onModuleInit();
  for (let turn = 0; turn < 3; turn += 1) await jobs.get('billing-due-read')!.run(clock.now());
  expect(new Set(read)).toEqual(new Set(ids));
  read.length = 0;
  clock.advance(60_001);
  for (let turn = 0; turn < 3; turn += 1) await jobs.get('billing-due-read')!.run(clock.now());
  expect(new Set(read)).toEqual(away);
});

it('the index is written without waiting for the disk, and what ends it here waits', async () => {
  const { watched, written } = watchDurability(home);
  const [clock, tenant] = [new FakeClock(start), randomUUID()];
  const handles = { find: () => null } as unknown as TenantHandles;
  const processor = new BillingJobProcessor({} as TenantEnvironment, handles, {} as BillingRuns, watched, clock);
  const handle = { deploymentId: tenant, read: () => Promise.resolve([{ kind: 'billing', runId: null, at: start, retryAt: null }]) };
  await processor.refresh(handle as unknown as TenantHandle);
  const jobs = { register: () => undefined } as unknown as JobRunner;
  await new DueIndex(watched, handles, {} as BillingQueue, processor, jobs, clock).give(clock.now());
  const [row] = await postgres.query(`SELECT due_at, queued_at FROM billing_due WHERE deployment_id = $1`, [tenant]);
  expect([row, written]).toEqual([{ due_at: start, queued_at: start }, ['relaxed', 'relaxed']]);
  await new BillingMove({} as HomeMoves, processor, watched).letGo(tenant);
  expect(written).toEqual(['relaxed', 'relaxed', 'synced']);
}); // prettier-ignore
