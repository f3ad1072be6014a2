import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, seedOfRun, sizeOfRun, spawnSource } from '@biplane/testing';
import { UsageService } from '../spec-support/usage-service.js';

const CHILD = new URL('./usage-client.child.ts', import.meta.url);
const ROUNDS = sizeOfRun({ soak: 60, ci: 6 });
const ID = /^[0-9a-f-]{36}$/;

let service: UsageService;
let spoolFolder: string;

beforeEach(async () => {
  service = new UsageService();
  await service.start();
  spoolFolder = await mkdtemp(join(tmpdir(), 'biplane-spool-'));
});
afterEach(async () => {
  await service.stop();
  await rm(spoolFolder, { recursive: true, force: true });
});

describe('the usage client in a process that is killed', () => {
  it('C3: killed at any point, it loses no recorded event and counts none twice', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const deploymentId = randomUUID();
    const told: string[] = [];
    const run = async (total: number | null, kill: (child: () => void) => void): Promise<void> => {
      const child = spawnSource(CHILD, { url: service.url, spoolFolder, deploymentId, recorders: 20, total });
      kill(() => child.kill('SIGKILL'));
      const { output } = await child.ended;
      told.push(...output.split('\n').filter((line) => ID.test(line)));
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      // Before a batch is stored, after it but before its answer, or while the answer is on its way: at a batch of chance.
      let batchesLeft = 1 + Math.floor(random() * 12);
      const when = round % 3;
      await run(null, (kill) => {
        const due = (): boolean => (batchesLeft -= 1) === 0;
        service.onRequest = () => (when === 0 && due() ? (kill(), undefined) : undefined);
        service.onStored = () => {
          if (when === 0 || !due()) return random() > 0.1; // some answers are lost without a kill
          kill();
          return when === 2;
        };
      });
    }
    service.onRequest = () => undefined;
    service.onStored = () => true;
    await run(100, () => undefined);
    expect(told.length).toBeGreaterThan(100);
    const lost = told.filter((id) => !service.stored.has(id));
    expect({ seed, lost, toldTwice: told.length - new Set(told).size }).toEqual({ seed, lost: [], toldTwice: 0 });
    // Beyond what was told only what was on disk when the process ended before it could tell.
    expect(service.stored.size - told.length).toBeLessThanOrEqual(ROUNDS * 20);
    expect((await readdir(spoolFolder)).filter((name) => name.endsWith('.events'))).toEqual([]);
  });
});
