import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock, waitFor } from '@biplane/testing';
import { Registry } from 'prom-client';
import { UsageClient, FolderInUseError, type UsageClientOptions } from '../index.js';
import { UsageService } from '../spec-support/usage-service.js';
import { backoffMs, retryAfterMs } from './backoff.js';
import { CallTally } from './call-tally.js';

const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const deploymentId = randomUUID();
const use = { deploymentId, meter: 'api_calls', quantity: '1' };

let service: UsageService;
let folder: string;
const clients: UsageClient[] = [];

beforeEach(async () => {
  service = new UsageService();
  await service.start();
  folder = await mkdtemp(join(tmpdir(), 'biplane-spool-'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

function newClient(options: Partial<UsageClientOptions> = {}): UsageClient {
  const fixed = { url: service.url, token: 'token', spoolFolder: folder, source: 'connectors', clock, gatherMs: 5 };
  const client = new UsageClient({ ...fixed, ...options });
  clients.push(client);
  return client;
}

const segments = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.events'));
const refusal = (code: string) => ({ failure: expect.objectContaining({ code }) });
const unavailable = { status: 503, body: { code: 'SERVICE.UNAVAILABLE' } };

describe('UsageClient', () => {
  it('records on disk before it returns, sends, and keeps nothing that is acknowledged', async () => {
    service.onRequest = () => unavailable;
    const client = newClient();
    const id = await client.record({ ...use, quantity: '2.5', time: new Date('2026-04-09T00:00:00Z') });
    const [segment = ''] = await segments();
    expect(await readFile(join(folder, segment), 'utf8')).toContain(id);
    await waitFor('a first try', () => service.requests > 0);
    expect(client.status()).toMatchObject({ events: 1 });
    service.onRequest = () => undefined;
    await client.flush();
    expect(service.stored.get(id)).toEqual({
      specversion: '1.0',
      id,
      source: 'connectors',
      type: 'dev.biplane.usage',
      time: '2026-04-09T00:00:00.000Z',
      subject: deploymentId,
      data: { meter: 'api_calls', quantity: '2.5' },
    });
    expect([client.status(), await segments()]).toEqual([
      { events: 0, bytes: 0, oldestAt: undefined, rejected: 0, trouble: undefined },
      [],
    ]);
  });

  it('sends at most 1,000 events at once, in the order of their recording', async () => {
    service.onRequest = () => unavailable;
    const client = newClient();
    const ids = await Promise.all(Array.from({ length: 2_500 }, () => client.record(use)));
    service.onRequest = () => undefined;
    await client.flush();
    expect(Math.max(...service.batches)).toBeLessThanOrEqual(1_000);
    expect(new Set(service.stored.keys())).toEqual(new Set(ids));
    expect([...service.stored.keys()]).toEqual(ids);
  });

  it('an outage of the service and of the client loses nothing: the next process sends what the last one left', async () => {
    await service.stop();
    const before = newClient();
    const ids = await Promise.all(Array.from({ length: 50 }, () => before.record(use)));
    await waitFor('the trouble', () => before.status().trouble);
    await before.close();
    await expect(before.record(use)).rejects.toMatchObject(refusal('SPOOL.CLOSED'));
    await service.start();
    await newClient({ url: service.url }).flush();
    expect([...service.stored.keys()]).toEqual(ids);
  });

  it('an answer that is lost is asked for again, and the event counts once', async () => {
    let answers = 0;
    service.onStored = () => (answers += 1) > 2;
    const client = newClient();
    await client.record(use);
    await client.flush();
    expect([service.stored.size, answers]).toEqual([1, 3]);
  });

  it('waits as long as Retry-After says, and takes another token when it is told so', async () => {
    const replies = [{ status: 429, headers: { 'retry-after': '1' } }, { status: 401 }];
    service.onRequest = () => replies.shift();
    let tokens = 1;
    const token = { get: async () => `t${tokens}`, forget: () => void (tokens += 1) };
    const client = newClient({ token });
    const startedAt = performance.now();
    await client.record(use);
    await client.flush();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    expect(service.tokens).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('an answer that does not tell what became of each event acknowledges nothing', async () => {
    const replies = [
      { status: 202, body: {} },
      { status: 202, body: { results: [] } },
      { status: 202, body: { results: [{ status: 'maybe' }] } },
    ];
    service.onRequest = () => replies.shift();
    const client = newClient();
    const id = await client.record(use);
    await client.flush();
    expect([replies.length, [...service.stored.keys()]]).toEqual([0, [id]]);
  });

  it('a rejected event is kept with its reason and counted, the others are taken, and it can be sent again', async () => {
    service.rejects.set('typo', 'METER.UNKNOWN');
    const registry = new Registry();
    const client = newClient({ registry });
    const [good, bad] = await Promise.all([client.record(use), client.record({ ...use, meter: 'typo' })]);
    await client.flush();
    expect([...service.stored.keys()]).toEqual([good]);
    expect(client.status()).toMatchObject({ events: 0, rejected: 1 });
    const sent = await registry.getSingleMetric('usage_spool_sent_total')?.get();
    expect(sent?.values).toContainEqual(expect.objectContaining({ labels: { result: 'rejected' }, value: 1 }));
    const [file = ''] = await readdir(join(folder, 'rejected'));
    const kept = JSON.parse(await readFile(join(folder, 'rejected', file), 'utf8')) as object;
    expect(kept).toMatchObject({ code: 'METER.UNKNOWN', event: { id: bad } });
    await client.close();
    service.rejects.clear();
    const next = newClient();
    await next.start();
    expect(next.status().rejected).toBe(1);
    expect(await next.retryRejected()).toBe(1);
    await next.flush();
    expect([service.stored.has(bad), next.status().rejected]).toEqual([true, 0]);
  });

  it('an event that the service cannot read is found among the others', async () => {
    service.onRequest = (events) =>
      events.some(({ data }) => data.meter === 'poison')
        ? { status: 413, body: { code: 'REQUEST.TOO_LARGE' } }
        : undefined;
    const client = newClient();
    const meters = Array.from({ length: 9 }, (_, index) => (index === 5 ? 'poison' : 'api_calls'));
    await Promise.all(meters.map((meter) => client.record({ ...use, meter })));
    await client.flush();
    expect([service.stored.size, client.status().rejected]).toEqual([8, 1]);
  });

  it('a full spool refuses with SPOOL.FULL, drops nothing, and takes events again once there is room', async () => {
    service.onRequest = () => unavailable;
    const client = newClient({ spoolBytesMax: 4_000 });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => client.record(use)));
    const recorded = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(recorded.length).toBeGreaterThan(5);
    expect(refused.length).toBe(40 - recorded.length);
    for (const reason of refused) expect(reason).toMatchObject(refusal('SPOOL.FULL'));
    expect(client.status().bytes).toBeLessThanOrEqual(4_000);
    service.onRequest = () => undefined;
    await client.flush();
    expect([...service.stored.keys()]).toEqual(recorded);
    await client.record(use);
  });

  it.each([
    { quantity: '-1' },
    { quantity: '1e3' },
    { quantity: 1 as never },
    { meter: 'API' },
    { deploymentId: 'x' },
    { id: '' },
  ])('%j is refused before it is recorded', async (change) => {
    const client = newClient();
    await expect(client.record({ ...use, ...change })).rejects.toMatchObject(refusal('USAGE.INVALID'));
    expect(client.status().events).toBe(0);
  });

  it('a folder has one writer', async () => {
    const first = newClient();
    await first.start();
    const second = newClient();
    await expect(second.start()).rejects.toThrow(FolderInUseError);
    await first.close();
    await second.start();
  });

  it('a segment whose removal could not be synced is not looked for again, and those after it are sent', async () => {
    const client = newClient();
    service.onRequest = () => {
      rmSync(folder, { recursive: true }); // what is acknowledged is gone, and the folder cannot be synced
      mkdirSync(`${folder}.away`, { recursive: true });
      return undefined;
    };
    await client.record(use);
    await waitFor('the trouble', () => client.status().trouble);
    service.onRequest = () => undefined;
    await rename(`${folder}.away`, folder);
    await client.record(use);
    await client.flush();
    expect([service.stored.size, client.status().events]).toEqual([2, 0]);
  });

  it('a torn last line is cut off, a damaged one is kept aside, and the others count', async () => {
    service.onRequest = () => unavailable;
    const before = newClient();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push(await before.record(use));
    await waitFor('a try', () => service.requests > 0);
    await before.close();
    const names = await segments();
    const path = join(folder, names[0] ?? '');
    const text = await readFile(path, 'utf8');
    const damaged = ids.find((id) => text.includes(id)) ?? '';
    await writeFile(path, text.replace(`"${damaged}"`, `"${damaged.replace(/^./, 'x')}"`));
    await appendFile(join(folder, names.at(-1) ?? ''), '1234abcd {"event":{"id":"torn');
    service.onRequest = () => undefined;
    const client = newClient();
    await client.flush();
    expect([...service.stored.keys()].sort()).toEqual(ids.filter((id) => id !== damaged).sort());
    const [file = ''] = await readdir(join(folder, 'rejected'));
    expect(await readFile(join(folder, 'rejected', file), 'utf8')).toMatch(/SPOOL\.DAMAGED/);
    expect(await segments()).toEqual([]);
  });

  it('tells how full and how old the spool is', async () => {
    service.onRequest = () => unavailable;
    const registry = new Registry();
    const client = newClient({ registry });
    await client.record(use);
    clock.advance(90_000);
    await client.record(use);
    const value = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
    expect(await value('usage_spool_events')).toBe(2);
    expect(await value('usage_spool_bytes')).toBe(client.status().bytes);
    expect(await value('usage_spool_oldest_seconds')).toBe(90);
  });
});

describe('the tally of calls', () => {
  it('records the sum of each second, and keeps counting what cannot be recorded', async () => {
    const recorded: object[] = [];
    let full = true;
    const record = (each: object): Promise<string> => {
      if (full) return Promise.reject(new Error('full'));
      recorded.push(each);
      return Promise.resolve('id');
    };
    const tally = new CallTally({ record });
    for (let call = 0; call < 3; call += 1) tally.count(deploymentId, 'api_calls', 1);
    await tally.flush();
    tally.count(deploymentId, 'api_calls', 1);
    full = false;
    await tally.close();
    expect(recorded).toEqual([{ deploymentId, meter: 'api_calls', quantity: '4' }]);
  });
});

describe('the back-off', () => {
  it('doubles up to 30 s, follows Retry-After up to five minutes, and reads only seconds', () => {
    const waits = [1, 2, 3, 8, 50].map((failures) => backoffMs(failures, 0, () => 1));
    expect(waits).toEqual([250, 500, 1_000, 30_000, 30_000]);
    expect(backoffMs(1, 0, () => 0)).toBe(125);
    expect([backoffMs(1, 60_000), backoffMs(1, 1e9)]).toEqual([60_000, 300_000]);
    expect([retryAfterMs('7'), retryAfterMs('-1'), retryAfterMs(null), retryAfterMs('soon')]).toEqual([7_000, 0, 0, 0]);
  });
});
