import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HealthRegistry } from '../health/health-registry.js';
import { JobRunner } from '../jobs/job-runner.js';
import { createTestDatabase, homeClientFactory, type TestDatabase } from '../spec-support/database.js';
import { writeKeyFiles, type KeyFiles } from '../spec-support/key-files.js';
import { TinyModule } from '../spec-support/tiny-app.js';
import { DOCS, requestToken } from '../spec-support/tiny-service.js';
import { bootstrap, type RunningService } from './bootstrap.js';

describe('a service that runs', () => {
  let keys: KeyFiles;
  let database: TestDatabase;
  let running: RunningService;

  beforeEach(async () => {
    keys = await writeKeyFiles();
    database = await createTestDatabase();
    const clientFactory = await homeClientFactory();
    running = await bootstrap({
      module: TinyModule.register({ keys, databaseUrl: database.url, clientFactory, burst: 2 }),
      host: '127.0.0.1',
      port: 0,
      docs: DOCS,
      handleSignals: false,
    });
  });
  afterEach(async () => {
    await running.close();
    keys.remove();
    await database.drop();
  });

  it('G1: is not ready once it stops, waits for its jobs, and answers no more afterwards', async () => {
    let finish: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      const run = (): Promise<void> => {
        resolve();
        return new Promise((done) => (finish = done));
      };
      running.app.get(JobRunner).register({ name: 'long', everyMs: 0, run });
    });
    await started;
    const closing = running.close();
    expect((await running.app.get(HealthRegistry).ready()).checks).toMatchObject({ shutdown: 'failing' });
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(503);
    finish();
    await closing;
    await expect(fetch(`${running.url}/health/ready`)).rejects.toThrow();
  });

  it('a database that goes away makes it unready, not dead', async () => {
    await database.drop();
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    database = await createTestDatabase();
  });

  it('a client that sends too fast gets 429 with Retry-After', async () => {
    const statuses: number[] = [];
    let last: Response | null = null;
    for (let sent = 0; sent < 3; sent += 1) {
      last = await requestToken(running.url, 'nobody', 'guess', 'grant_type=client_credentials');
      statuses.push(last.status);
    }
    expect(statuses).toEqual([401, 401, 429]);
    expect(Number(last!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(((await last!.json()) as { code: string }).code).toBe('REQUEST.RATE_LIMITED');
  });
});
