import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../metrics/metrics.js';
import { JobRunner } from './job-runner.js';

const NOW = new Date('2026-04-01T00:00:00Z');

function runner(): JobRunner {
  return new JobRunner({ now: () => NOW }, new Metrics());
}

describe('JobRunner', () => {
  it('runs with the time of the Clock, again after a failure, and never two of one job at once', async () => {
    const jobs = runner();
    const seen: Date[] = [];
    let atOnce = 0;
    await new Promise<void>((resolve) => {
      jobs.register({
        name: 'job',
        everyMs: 1,
        run: async (now) => {
          expect((atOnce += 1)).toBe(1);
          seen.push(now);
          await new Promise((rested) => setImmediate(rested));
          atOnce -= 1;
          if (seen.length === 3) resolve();
          throw new Error('this run fails');
        },
      });
      jobs.onApplicationBootstrap();
    });
    await jobs.beforeApplicationShutdown();
    expect(seen.slice(0, 3)).toEqual([NOW, NOW, NOW]);
  });

  it('at the start one begins after the other has ended, and none waits for one that hangs', async () => {
    const jobs = runner();
    const order: string[] = [];
    const quick = (name: string, then?: () => void) => ({
      name,
      everyMs: 60_000,
      run: async () => {
        order.push(`${name} begins`);
        await new Promise((rested) => setImmediate(rested));
        order.push(`${name} ends`);
        then?.();
      },
    });
    let release: () => void = () => undefined;
    const hanging = { name: 'hanging', everyMs: 60_000, run: () => new Promise<void>((done) => (release = done)) };
    await new Promise<void>((resolve) => {
      for (const job of [quick('first'), quick('second'), hanging, quick('last', resolve)]) jobs.register(job);
      jobs.onApplicationBootstrap();
    });
    expect(order).toEqual(['first', 'second', 'last'].flatMap((name) => [`${name} begins`, `${name} ends`]));
    release();
    await jobs.beforeApplicationShutdown();
  });

  it('the shutdown waits for a run in flight and starts no other', async () => {
    const jobs = runner();
    let runs = 0;
    let finish: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      jobs.register({
        name: 'job',
        everyMs: 0,
        run: () => {
          runs += 1;
          resolve();
          return new Promise((done) => (finish = done));
        },
      });
    });
    jobs.onApplicationBootstrap();
    await started;
    let stopped = false;
    const stopping = jobs.beforeApplicationShutdown().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    finish();
    await stopping;
    expect(runs).toBe(1);
  });
});
