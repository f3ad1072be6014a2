import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom, seedOfRun, sizeOfRun, spawnSource, waitFor, type TestPostgres } from '@biplane/testing';
import { coreSuite } from '../../testing/core-suite.js';
import { insertRollupTenants, publishRollupPlan } from '../../testing/rollup-scene.js';
import type { RollupDto } from './rollup.dto.js';

const runner = new URL('../../testing/rollup-runner.main.ts', import.meta.url);
const startAt = '2026-05-02T12:00:00.000Z';
/** Three chunks; more for more kills, of which two in five let a chunk through. */
const TENANTS = sizeOfRun({ soak: 12_000, ci: 1_100 });
/** Each leaves its mark at another place; a chunk that was not committed is done again. */
const POINTS = ['rollup.after_issue:2', 'rollup.before_commit', 'rollup.after_chunk', 'invoice.after_number'];

interface Scene {
  readonly postgres: TestPostgres;
  readonly fieldKey: string;
}

async function scene(): Promise<Scene> {
  const suite = await coreSuite({ startAt });
  await publishRollupPlan(suite.admin);
  await insertRollupTenants(suite.postgres, { count: TENANTS, homeId: '00000000-0000-4000-b000-000000000001' });
  await suite.core.close();
  return { postgres: suite.postgres, fieldKey: suite.core.fieldKey };
}

function start({ postgres, fieldKey }: Scene, faultPoints?: string) {
  const input = { databaseUrl: postgres.url, regions: ['eu-1'], fieldKey, startAt, query: 'period=2026-04' };
  return spawnSource(runner, input, faultPoints === undefined ? {} : { FAULT_POINTS: faultPoints });
}

function answerOf(output: string): RollupDto {
  const [, status, body] = /answered (\d+) (.*)/.exec(output) ?? [];
  if (status !== '200') throw new Error(output.slice(-2_000));
  return JSON.parse(body!) as RollupDto;
}

/** What was issued, number by number: all of it but the ids, and the salt and hash of the buyer's details, which are random. */
async function issued({ postgres }: Scene): Promise<string[]> {
  const rows = await postgres.query<{ content: string }>(
    `SELECT content FROM invoice WHERE status <> 'void' ORDER BY sequence`,
  );
  return rows.map(({ content }) => {
    const { id: _, buyer, issuedAt: __, dueAt: ___, ...rest } = JSON.parse(content) as Record<string, unknown>;
    const { detailsHash: ____, ...named } = buyer as Record<string, unknown>;
    return JSON.stringify({ ...rest, buyer: named });
  });
}

async function runs({ postgres }: Scene) {
  return postgres.query<Record<string, unknown>>(
    'SELECT state, examined, issued, parked, skipped, totals FROM rollup_run ORDER BY at, id',
  );
}

/** What all runs came to together; each of them is done. */
async function sumOf(of: Scene): Promise<{ issued: number; parked: number; usd: bigint }> {
  const all = await runs(of);
  expect(all.map(({ state }) => state)).toEqual(all.map(() => 'succeeded'));
  const sum = (amounts: unknown[]) =>
    amounts.reduce<bigint>((total, amount) => total + BigInt(String(amount ?? 0)), 0n);
  return {
    issued: Number(sum(all.map((run) => run['issued']))),
    parked: Number(sum(all.map((run) => run['parked']))),
    usd: sum(all.map(({ totals }) => (totals as Record<string, string>)['USD'])),
  };
}

let clean: Scene;
let killed: Scene;

beforeAll(async () => {
  clean = await scene();
  killed = await scene();
});
afterAll(async () => {
  await Promise.all([clean?.postgres.drop(), killed?.postgres.drop()]);
});

describe('roll-ups in processes of their own', () => {
  it('D2: two at once issue one invoice each tenant, and one of them says that it issued none', async () => {
    const ends = await Promise.all([start(clean).ended, start(clean).ended]);
    const answers = ends.map(({ output }) => answerOf(output));
    expect(answers.map((answer) => answer.issued).sort((a, b) => a - b)).toEqual([0, TENANTS]);
    expect(answers.map((answer) => answer.tenants)).toEqual([TENANTS, TENANTS]);
    const [row] = await clean.postgres.query<{ invoices: number; tenants: number; last: number }>(
      `SELECT count(*)::int AS invoices, count(DISTINCT tenant_id)::int AS tenants, max(sequence) AS last FROM invoice`,
    );
    expect(row).toEqual({ invoices: TENANTS, tenants: TENANTS, last: TENANTS });
  });

  it('D1: one that is killed again and again comes to the bytes of one that was not', async () => {
    const random = seededRandom(seedOfRun());
    const kills = sizeOfRun({ soak: 50, ci: 3 });
    for (let kill = 0; kill < kills; kill += 1) {
      const isRandom = kill % (POINTS.length + 1) === POINTS.length;
      const child = start(killed, isRandom ? undefined : POINTS[kill % (POINTS.length + 1)]);
      if (isRandom) {
        let looksLeft = Math.floor(random() * 20);
        const isRunning = async () => (await runs(killed)).some(({ state }) => state === 'running');
        await waitFor('some of it', async () => (await isRunning()) && (looksLeft -= 1) < 0, { deadlineMs: 60_000 });
        child.kill('SIGKILL');
      }
      expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
    }
    const last = await start(killed).ended;
    answerOf(last.output);

    expect(await issued(killed)).toEqual(await issued(clean));
    // Which of several runs issued what says nothing: a killed one goes on beside the next that is asked for.
    expect(await sumOf(killed)).toEqual(await sumOf(clean));
  }, 600_000);
});
