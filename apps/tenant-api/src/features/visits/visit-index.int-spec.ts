import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Job, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { watchDurability } from '../../testing/watched-durability.js';
import type { HomeMoves } from '../moves/index.js';
import type { TenantHandles } from '../tenancy/index.js';
import { TenantVisits } from './visits.service.js';

const start = new Date('2026-03-01T10:00:00.000Z');
let postgres: TestPostgres;
let home: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('home');
  home = await testUnitOfWork('home', postgres.url);
});
afterAll(async () => {
  await home?.close();
  await postgres?.drop();
});

it('visits are hinted at, taken and ended without waiting for the disk, and what ends them here waits', async () => {
  const { watched, written } = watchDurability(home);
  const jobs: Job[] = [];
  const handles = { find: (deploymentId: string) => ({ deploymentId }), isServing: () => true } as unknown as TenantHandles;
  const runner = { register: (job: Job) => void jobs.push(job) } as unknown as JobRunner;
  const visits = new TenantVisits(watched, handles, {} as HomeMoves, runner, new FakeClock(start));
  const visited: string[] = [];
  const visit = ({ deploymentId }: { deploymentId: string }) => {
    visited.push(deploymentId);
    return visited.length === 1 ? Promise.resolve(null) : Promise.reject(new Error('the database is away'));
  };
  visits.register({ kind: 'retention', everyMs: 1_000, againMs: 86_400_000, atOnce: 4, visit });
  const tenant = randomUUID();
  for (let turn = 0; turn < 2; turn += 1) {
    await visits.hint('retention', tenant, start);
    await jobs[0]!.run(start);
  }
  expect([visited, written]).toEqual([[tenant, tenant], ['hint', 'take', 'end', 'hint', 'take', 'end'].map(() => 'relaxed')]);
  await visits.letGo(tenant);
  expect(written.at(-1)).toBe('synced');
}); // prettier-ignore
