import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClock, OffsetClock, SystemClock } from './clocks.js';
import { RandomIds } from './ids.js';

const DAY_MS = 86_400_000;

describe('the Clock', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'biplane-clock-'));
    file = join(folder, 'clock.json');
    writeFileSync(file, JSON.stringify({ offsetMs: DAY_MS }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const aheadOf = (clock: OffsetClock): number => Math.round((clock.now().getTime() - Date.now()) / 1000);
  const until = async (condition: () => boolean): Promise<void> => {
    const deadline = Date.now() + 2_000;
    while (!condition() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    expect(condition()).toBe(true);
  };

  it('moves by the file, follows its changes, and keeps its offset while the file is half written', async () => {
    const clock = new OffsetClock(file);
    expect(aheadOf(clock)).toBe(86_400);
    writeFileSync(file, '{"offsetMs": 1');
    await until(() => aheadOf(clock) === 86_400);
    writeFileSync(file, '{"offsetMs": 0}');
    await until(() => aheadOf(clock) === 0);
  });

  it('production refuses a file, and a file without an offset is refused at start', () => {
    expect(() => createClock(file, 'production')).toThrow('refused');
    expect(createClock(undefined, 'production')).toBeInstanceOf(SystemClock);
    writeFileSync(file, '{}');
    expect(() => createClock(file, 'test')).toThrow('offsetMs');
  });

  it('ids carry its time and sort by it', () => {
    let now = new Date('2026-04-01T00:00:00Z');
    const ids = new RandomIds({ now: () => now });
    const first = ids.uuid();
    now = new Date(now.getTime() + 1);
    expect(first < ids.uuid()).toBe(true);
    expect(ids.random(16)).toHaveLength(16);
  });
});
