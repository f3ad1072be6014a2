import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSource, type ChildEnd } from '@biplane/testing';
import type { EnrollChildInput } from '../../testing/enroll.child.js';
import { freePort } from '../../testing/free-port.js';
import type { EnrollmentPatience } from './enrollment-client.js';

const CHILD = new URL('../../testing/enroll.child.ts', import.meta.url);
const homeId = randomUUID();
const secret = randomUUID();
const folder = mkdtempSync(join(tmpdir(), 'enrollment-end-'));
const tokenFile = join(folder, 'token');
/** A pool that is away is waited for longer than one that says no. */
const PATIENCE: EnrollmentPatience = { firstMs: 20, maxMs: 50, refusedMs: 200, awayMs: 400 };

let pool: Server;
let answers: { status: number; body: unknown }[] = [];
let asked = 0;

beforeAll(async () => {
  writeFileSync(tokenFile, secret, { mode: 0o600 });
  pool = createServer((_request, response) => {
    asked += 1;
    const { status, body } = answers.length > 1 ? answers.shift()! : answers[0]!;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => pool.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => pool.close(resolve));
  rmSync(folder, { recursive: true });
});

const poolUrl = () => `http://127.0.0.1:${(pool.address() as AddressInfo).port}`;

function start(enrollmentUrl = poolUrl(), patience = PATIENCE): Promise<ChildEnd> {
  const place = { homeId, deploymentId: randomUUID(), enrollmentUrl, tokenFile };
  const input: EnrollChildInput = { place, patience };
  return spawnSource(CHILD, input, { NODE_ENV: 'test' }).ended;
}

const problem = (status: number, code: string) => ({ status, body: { code, detail: 'says the pool' } });
const url = 'postgresql://somebody@nowhere.example/database';
const given = {
  ...{ homeId, homeDatabaseUrl: url, homeMigrationDatabaseUrl: url, redis: { url: 'redis://nowhere.example' } },
  ...{ kafka: { username: 'home', password: 'x' }, tokenKey: 'x', fieldKeys: {}, clients: [] },
};

describe('the process of a home that is not let in', () => {
  it.each([
    [401, 'ENROLLMENT.TOKEN_REFUSED'],
    [404, 'ENROLLMENT.UNKNOWN'],
  ])('ends with 78 when its pool goes on answering %i, and says %s and no token', async (status, code) => {
    [answers, asked] = [[problem(status, code)], 0];
    const { code: end, output } = await start();
    expect({ end, output }).toEqual({ end: 78, output: expect.stringContaining(code) });
    expect(output).not.toContain(secret);
    expect(asked).toBeGreaterThan(1);
  });

  it('ends with 75 when its pool is away, or is there and cannot', async () => {
    answers = [problem(503, 'ENROLLMENT.UNAVAILABLE')];
    const [busy, away] = await Promise.all([start(), start(`http://127.0.0.1:${await freePort()}`)]);
    expect([busy.code, away.code]).toEqual([75, 75]);
    expect(away.output).toContain('ECONNREFUSED');
  });

  it('is let in by the pool that refused it before its license had come', async () => {
    answers = [
      problem(404, 'ENROLLMENT.UNKNOWN'),
      problem(503, 'ENROLLMENT.UNAVAILABLE'),
      { status: 200, body: given },
    ];
    const { code, output } = await start(poolUrl(), { ...PATIENCE, refusedMs: 60_000, awayMs: 60_000 });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`enrolled ${homeId}`) });
  });
});
