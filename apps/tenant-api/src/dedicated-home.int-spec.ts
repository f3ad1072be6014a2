import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { windowsDigest, type UsageWindow } from '@biplane/contracts';
import { tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { eventually, readTopic, waitFor } from '@biplane/testing';
import { dedicatedLicense, newDedicatedHome } from './testing/enrollment-rig.js';
import { Region, type RunningHome } from './testing/region-rig.js';

const ACTION = 'financials:automated_billing';
const clients = [
  { id: 'gate', secret: 'g', scopes: ['entitlements:check'] },
  { id: 'usage', secret: 'u', scopes: ['usage:submit'] },
];
const dedicated = newDedicatedHome();
const { deploymentId } = dedicated;
let region: Region;
let home: RunningHome;
let replicas: readonly RunningHome[] = [];

beforeAll(async () => {
  region = await Region.open(clients);
  await region.startPool();
  home = await region.startHome(dedicated);
});

afterAll(async () => {
  await region?.close();
});

async function tokenOf(url: string, id: string, secret: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers, body: 'grant_type=client_credentials' });
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function post(url: string, token: string, body: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

const records = async (topic: string): Promise<Record<string, unknown>[]> => {
  const read = await readTopic(region.kafka.broker('topics'), topic);
  return read.map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>);
};

const check = async (at = home) => {
  const token = await tokenOf(at.url, 'gate', 'g');
  return post(`${at.internalUrl}/internal/gate/check`, token, { deploymentId, action: ACTION });
};

const usage = (quantity: string) => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/regions/test/scheduler',
  type: 'dev.biplane.usage',
  time: new Date().toISOString(),
  subject: deploymentId,
  data: { meter: 'api_calls', quantity },
});

describe('a dedicated home in a process of its own, with nothing but its token', () => {
  it('waits alive and not ready while no license names it', async () => {
    await waitFor('the waiting room', async () => (await statusOf(`${home.url}/health/live`)) === 200);
    expect(await statusOf(`${home.url}/health/ready`)).toBe(503);
  });

  it('enrolls once its license is there, makes its databases, serves the gate, and its usage arrives as a window', async () => {
    await region.send(dedicatedLicense(region.issuer, dedicated, {}, region.kid));
    await waitFor('the home', async () => (await statusOf(`${home.url}/health/ready`)) === 200);
    await eventually(async () => {
      expect(await records(region.kafka.topics.applied)).toContainEqual(
        expect.objectContaining({
          deploymentId,
          homeId: dedicated.homeId,
          database: expect.objectContaining({ state: 'ready', name: tenantDatabaseName(deploymentId) }),
        }),
      );
    });
    expect((await check()).body).toMatchObject({ outcome: 'allow', licenseVersion: 1 });
    const accepted = await post(`${home.url}/api/v1/usage`, await tokenOf(home.url, 'usage', 'u'), usage('3'));
    expect(accepted).toMatchObject({ status: 202, body: { accepted: 1 } });
    await eventually(async () => {
      const windows = await records(region.kafka.topics.usage);
      expect(windows).toContainEqual(
        expect.objectContaining({
          deploymentId,
          meter: 'api_calls',
          quantity: '3',
          source: expect.objectContaining({ homeId: dedicated.homeId }),
        }),
      );
    });
  });

  it('reaches its database through logins that its pool made, and has no rights on the server', async () => {
    const { owner, runtime } = tenantRoleNames(deploymentId);
    const rows = await region.admin<{ created: boolean }>(
      `SELECT bool_or(rolcreatedb OR rolcreaterole OR rolsuper) AS created FROM pg_roles WHERE rolname = ANY($1)`,
      [[owner, runtime, `home_${dedicated.homeId.replaceAll('-', '')}`]],
    );
    expect(rows).toEqual([{ created: false }]);
    expect(await statusOf(`${home.internalUrl}/internal/homes/enroll`)).toBe(404);
  });

  it('runs on without its pool, and one that starts meanwhile waits for it', async () => {
    await region.stopPool();
    const second = await region.startHome(dedicated);
    expect((await check()).body).toMatchObject({ outcome: 'allow' });
    await waitFor('the waiting room', async () => (await statusOf(`${second.url}/health/live`)) === 200);
    expect(await statusOf(`${second.url}/health/ready`)).toBe(503);
    await region.startPool();
    await waitFor('the second replica', async () => (await statusOf(`${second.url}/health/ready`)) === 200);
    replicas = [second, home];
  });

  it('closes the running hour itself when it is suspended and its processes end, all that was counted included', async () => {
    const suspended = { version: 2, status: 'suspended' } as const;
    await region.send(dedicatedLicense(region.issuer, dedicated, suspended, region.kid));
    // Whichever ends last has to know of it.
    for (const each of replicas) {
      await waitFor('the suspension', async () => (await check(each)).body['code'] === 'LICENSE.SUSPENDED');
    }
    const [second] = replicas;
    const accepted = await post(`${home.url}/api/v1/usage`, await tokenOf(home.url, 'usage', 'u'), usage('7'));
    expect(accepted).toMatchObject({ status: 202, body: { accepted: 1 } });
    second!.child.kill('SIGTERM');
    home.child.kill('SIGTERM');
    for (const each of replicas) {
      const { code, output } = await each.child.ended;
      expect([code, output.includes(dedicated.token)]).toEqual([0, false]);
    }
    const said = await records(region.kafka.topics.usage);
    const last = said.filter(({ meter }) => meter === 'api_calls').at(-1) as unknown as UsageWindow;
    const closes = said.filter(({ digest, hour }) => digest !== undefined && hour === last.windowStart);
    expect(last.closed).toBe(true);
    expect(closes.at(-1)).toMatchObject({ homeId: dedicated.homeId, windows: 1, digest: windowsDigest([last]) });
  });
});
