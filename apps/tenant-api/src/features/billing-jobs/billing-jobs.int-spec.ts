import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { tenantDatabaseName } from '@biplane/licensing';
import { executeSql, querySql, UnitOfWork } from '@biplane/service-kit';
import { requiredVariable, waitFor } from '@biplane/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { addItem, balanceOf, billingScene, endedRun, licensedFor, requestRun } from '../../testing/billing-scene.js';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';
import { redisPrefix } from '../../environment.js';
import { urlFor, withSession } from '../tenancy/index.js';
import { BillingJobProcessor } from './billing-job.processor.js';
import { DueIndex } from './due-index.service.js';

const billing = licensedFor('automated_billing');

let home: RunningHome;
let processor: BillingJobProcessor;
let redis: Redis;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T20:00:00.000Z');
  processor = home.service.app.get(BillingJobProcessor, { strict: false });
  redis = new Redis(requiredVariable('TEST_REDIS_URL'));
});
afterAll(async () => {
  redis?.disconnect();
  await home?.close();
});

/** A tenant with members who each have an item of 31.00 a month from the first of March on. */
async function scene(members: number, claims = billing): Promise<{ acme: ServedDeployment; accounts: string[] }> {
  const { tenant, accounts } = await billingScene(home, members, claims);
  for (const account of accounts) await addItem(tenant.admin, account);
  return { acme: tenant, accounts };
}

const job = (of: ServedDeployment, epoch = 1) => ({ deploymentId: of.deploymentId, epoch });
/** As if it was begun and its job lost. */
const openRun = (of: ServedDeployment, id: string) =>
  home.handle(of.deploymentId).run((tx) =>
    executeSql(tx, `INSERT INTO billing_run VALUES ($1::uuid, 'billing', $2, 'test', 'running', $2, NULL, 0, 0)`, [id, home.issuer.issuedAt]),
  ); // prettier-ignore
const twicePerPeriod = (of: ServedDeployment) =>
  home.handle(of.deploymentId).read((reader) =>
    querySql(reader, `SELECT e.account_id, e.description FROM journal_entry e GROUP BY 1, 2 HAVING count(*) > 1`),
  ); // prettier-ignore

describe('what is charged for, and when', () => {
  it('who changed it is written down with it, one by one and by files', async () => {
    const { tenant, accounts, memberIds } = await billingScene(home, 1, billing);
    const { admin, deploymentId } = tenant;
    const csv = (path: string, lines: string[]) => fetch(`${admin.url}/api/v1/${path}/import`, {
      method: 'POST', body: lines.join('\n'),
      headers: { authorization: `Bearer ${admin.token}`, 'x-deployment-id': deploymentId, 'idempotency-key': randomUUID(), 'content-type': 'text/csv' },
    });
    const { id } = (await addItem(admin, accounts[0]!)) as { id: string };
    await admin.expect(200, 'PUT', `/api/v1/items/${id}/end`, { endsOn: '2026-09-01' });
    await admin.expect(200, 'PUT', '/api/v1/billing-schedules/statements', { enabled: false, timeZone: 'Europe/Zurich' });
    expect((await csv('products', ['code,name', 'space,Space'])).status).toBe(200);
    const { email } = (await admin.get(`/api/v1/members/${memberIds[0]}`)).body as { email: string };
    const header = 'externalId,memberEmail,productCode,description,price,currency,quantity,intervalMonths,timeZone,startsOn,endsOn,anchor';
    expect((await csv('items', [header, `x-1,${email},space,Space,1.00,CHF,,1,Europe/Zurich,2026-03-01,,`])).status).toBe(200);
    await admin.expect(204, 'DELETE', '/api/v1/products/space');
    const me = ((await admin.get('/public/me')).body as { id: string }).id;
    const written = await home.handle(deploymentId).read((reader) =>
      querySql<{ action: string; object: string; actor: string }>(reader, `SELECT action, object, actor FROM member_audit WHERE action ~ '^(account|item|product|billing)' ORDER BY id`));
    expect(written.map(({ action, object }) => `${action} ${object.replace(id, 'ID').replace(/(account|item):[0-9a-f].*/, '$1:…')}`)).toEqual([
      'product.added product:locker', 'account.opened account:…', 'item.added item:ID', 'item.end_changed item:ID', 'billing_schedule.changed billing_schedule:statements',
      'product.imported product:space', 'item.imported item:…', 'product.archived product:space',
    ]);
    expect(new Set(written.map(({ actor }) => actor))).toEqual(new Set([`member:${me}`]));
  }); // prettier-ignore

  it('an external id names one item: a second one is refused, and nothing of it is kept', async () => {
    const { tenant, accounts } = await billingScene(home, 1, billing);
    const item = {
      productCode: 'locker', description: 'Locker', price: { amount: '31.00', currency: 'CHF' }, intervalMonths: 1,
      timeZone: 'Europe/Zurich', startsOn: '2026-03-01', externalId: 'x-1',
    }; // prettier-ignore
    const path = `/api/v1/accounts/${accounts[0]}/items`;
    await tenant.admin.expect(201, 'POST', path, item);
    expect(await tenant.admin.post(path, item)).toMatchObject({ status: 409, body: { code: 'FINANCIALS.EXTERNAL_ID_TAKEN' } });
    const { data } = (await tenant.admin.get('/api/v1/items')).body as { data: unknown[] };
    expect(data).toHaveLength(1);
  }); // prettier-ignore
});

describe('a billing run', () => {
  it('is made by the queue as its schedule says, charges what is due, and says so', async () => {
    const { acme, accounts } = await scene(3);
    const body = { enabled: true, timeZone: 'Europe/Zurich', dayOfMonth: null };
    const schedule = await acme.admin.expect(200, 'PUT', '/api/v1/billing-schedules/billing', body);
    expect(schedule).toMatchObject({ nextDueAt: '2026-03-01T23:00:00.000Z' });
    home.setClock('2026-03-01T23:00:01.000Z');
    const runs = await waitFor('the run', async () => {
      const { data } = (await acme.admin.expect(200, 'GET', '/api/v1/billing-runs')) as { data: { state: string }[] };
      return data[0]?.state === 'succeeded' && data;
    });
    expect(runs).toMatchObject([{ kind: 'billing', dueAt: '2026-03-01T23:00:00.000Z', requestedBy: 'job:billing-schedule', done: 3, skipped: 0 }]);
    for (const account of accounts) expect(await balanceOf(acme, account)).toBe('31.00');
    expect((await acme.admin.get('/api/v1/billing-schedules')).body).toMatchObject({ data: [{ kind: 'billing', nextDueAt: '2026-03-02T23:00:00.000Z' }] });
  }); // prettier-ignore

  it('is due no more at a home that the deployment was moved away from', async () => {
    const { acme } = await scene(1);
    const due = () =>
      querySql(home.service.app.get(UnitOfWork, { strict: false }).reader, 'SELECT 1 FROM billing_due WHERE deployment_id = $1::uuid AND due_at IS NOT NULL', [acme.deploymentId]);
    await acme.admin.expect(200, 'PUT', '/api/v1/billing-schedules/billing', { enabled: true, timeZone: 'Europe/Zurich', dayOfMonth: null });
    await waitFor('its turn', async () => (await due()).length === 1);
    const previous = { homeId: home.homeId, epoch: 1 };
    const placement = { homeId: randomUUID(), epoch: 2, phase: 'serving', url: 'https://elsewhere.example', previous } as const;
    await home.issue(acme, { ...billing, placement });
    await waitFor('it to be forgotten', async () => (await due()).length === 0);
  }); // prettier-ignore

  it('D17: a job that runs many times at once, and again later, charges each period once', async () => {
    const { acme, accounts } = await scene(12);
    const id = await requestRun(acme, 'billing');
    await Promise.all(Array.from({ length: 8 }, () => processor.process(job(acme))));
    expect(await endedRun(acme, id)).toMatchObject({ done: 12, skipped: 0 });
    await processor.process(job(acme));
    expect(await twicePerPeriod(acme)).toEqual([]);
    for (const account of accounts) expect(await balanceOf(acme, account)).toBe('31.00');
  });

  it('D18: what the license does not allow while it runs is skipped, never charged, and waits for a decision', async () => {
    const { acme, accounts } = await scene(2);
    await home.license(acme, { ...licensedFor() });
    const id = await requestRun(acme, 'billing');
    expect(await endedRun(acme, id)).toMatchObject({ done: 0, skipped: 2 });
    await home.license(acme, { ...billing });
    expect(await endedRun(acme, await requestRun(acme, 'billing'))).toMatchObject({ done: 0, skipped: 0 });
    for (const account of accounts) expect(await balanceOf(acme, account)).toBe('0.00');
    const { data } = (await acme.admin.expect(200, 'GET', '/api/v1/financials/skipped-periods')) as {
      data: { id: string; reason: string; amount: object }[];
    }; // prettier-ignore
    expect(data).toMatchObject([
      { reason: 'LICENSE.MODULE_NOT_LICENSED', amount: { amount: '31.00', currency: 'CHF' }, licenseVersion: 2 },
      { reason: 'LICENSE.MODULE_NOT_LICENSED' },
    ]);
    await acme.admin.expect(204, 'POST', `/api/v1/financials/skipped-periods/${data[0]!.id}/charge`);
    await acme.admin.expect(204, 'POST', `/api/v1/financials/skipped-periods/${data[1]!.id}/forgive`);
    const balances = await Promise.all(accounts.map((account) => balanceOf(acme, account)));
    expect(balances.sort()).toEqual(['0.00', '31.00']);
    const again = await acme.admin.post(`/api/v1/financials/skipped-periods/${data[0]!.id}/forgive`);
    expect(again).toMatchObject({ status: 409, body: { code: 'FINANCIALS.PERIOD_DECIDED' } });
  }); // prettier-ignore

  it('each unit of a run is told once with what became of it, in pages and as a file, and to nobody else', async () => {
    const { tenant, accounts, memberIds } = await billingScene(home, 3, licensedFor('automated_billing', 'statement_runs'));
    for (const account of accounts) await addItem(tenant.admin, account);
    const charged = await requestRun(tenant, 'billing');
    await endedRun(tenant, charged);
    type Result = { result: string; reason: string | null; memberId: string; accountId: string; decision: string | null; amount: object | null; id: string };
    const results = async (id: string, query = '') => {
      const found: Result[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const path = `/api/v1/billing-runs/${id}/results?limit=2${query}${cursor && `&cursor=${cursor}`}`;
        const { data, page } = (await tenant.admin.expect(200, 'GET', path)) as { data: Result[]; page: { nextCursor: string | null } };
        found.push(...data);
        cursor = page.nextCursor;
      }
      return found;
    };
    const told = await results(charged);
    expect(told.map(({ accountId, memberId }) => `${accountId} ${memberId}`).sort()).toEqual(accounts.map((account, index) => `${account} ${memberIds[index]}`).sort());
    for (const unit of told) expect(unit).toMatchObject({ result: 'charged', reason: null, amount: { amount: '31.00', currency: 'CHF' }, decision: null });

    home.setClock(new Date(home.issuer.issuedAt.getTime() + 60_000));
    const stated = await requestRun(tenant, 'statements');
    await endedRun(tenant, stated);
    expect((await results(stated)).map(({ result, amount }) => [result, amount])).toEqual(accounts.map(() => ['stated', { amount: '31.00', currency: 'CHF' }]));

    await home.license(tenant, licensedFor());
    for (const account of accounts) await addItem(tenant.admin, account);
    const [skipped, unstated] = [await requestRun(tenant, 'billing'), await requestRun(tenant, 'statements')];
    await endedRun(tenant, skipped);
    await endedRun(tenant, unstated);
    const [first] = await results(skipped);
    await tenant.admin.expect(204, 'POST', `/api/v1/financials/skipped-periods/${first!.id}/forgive`);
    const after = (await results(skipped, '&result=skipped')).map(({ reason, decision }) => [reason, decision]);
    expect(after).toEqual([['LICENSE.MODULE_NOT_LICENSED', 'forgiven'], ...[1, 2].map(() => ['LICENSE.MODULE_NOT_LICENSED', null])]);
    expect(await results(skipped, '&result=charged')).toEqual([]);
    const file = (await tenant.admin.expect(200, 'GET', `/api/v1/billing-runs/${skipped}/results/export`)) as string;
    expect(file.trimEnd().split('\r\n')).toHaveLength(4);
    expect(file).toContain(`skipped,${first!.id},${first!.memberId}`);
    for (const { result, reason } of await results(unstated)) expect([result, reason]).toEqual(['skipped', 'LICENSE.MODULE_NOT_LICENSED']);

    const other = await home.deployment(billing);
    const member = await home.member(tenant, 'member');
    for (const path of ['results', 'results/export']) {
      expect((await other.admin.get(`/api/v1/billing-runs/${charged}/${path}`)).body).toMatchObject({ code: 'BILLING_RUN.UNKNOWN' });
      expect((await member.get(`/api/v1/billing-runs/${charged}/${path}`)).status).toBe(403);
      expect((await tenant.admin.get(`/api/v1/billing-runs/${charged}/${path}?state=x`)).status).toBe(400);
    }
  }); // prettier-ignore

  it('statements that fail hold up no charge, and are seen failing with their reason until they are made', async () => {
    const { tenant, accounts } = await billingScene(home, 2, licensedFor('automated_billing', 'statement_runs'));
    for (const account of accounts) await addItem(tenant.admin, account);
    const superUser = urlFor(requiredVariable('TEST_POSTGRES_URL'), tenantDatabaseName(tenant.deploymentId));
    const alter = (sql: string) => withSession(superUser, (session) => session.query(sql));
    await alter(`ALTER TABLE statement ADD CONSTRAINT broken CHECK (entries < 0) NOT VALID`);
    home.setClock(new Date(home.issuer.issuedAt.getTime() + 60_000));
    const stated = await requestRun(tenant, 'statements');
    const shown = async () => (await tenant.admin.expect(200, 'GET', `/api/v1/billing-runs/${stated}`)) as { state: string; failing: object | null };
    const failing = await waitFor('it to fail', async () => {
      const run = await shown();
      return run.state === 'failing' && run;
    });
    expect(failing).toMatchObject({ done: 0, endedAt: null, failing: { failures: 1, reason: 'UNEXPECTED', retryAt: expect.any(String) as unknown } });
    expect(await endedRun(tenant, await requestRun(tenant, 'billing'))).toMatchObject({ done: 2 });
    await alter('ALTER TABLE statement DROP CONSTRAINT broken');
    home.moveClock(60_000);
    expect(await endedRun(tenant, stated)).toMatchObject({ done: 2, state: 'succeeded', failing: null });
  }); // prettier-ignore

  it('a skipped period is charged by hand only while the license allows charging', async () => {
    const { acme } = await scene(1, licensedFor());
    await endedRun(acme, await requestRun(acme, 'billing'));
    const { data } = (await acme.admin.expect(200, 'GET', '/api/v1/financials/skipped-periods')) as { data: { id: string }[] };
    const refused = await acme.admin.post(`/api/v1/financials/skipped-periods/${data[0]!.id}/charge`);
    expect(refused).toMatchObject({ status: 403, body: { code: 'LICENSE.MODULE_NOT_LICENSED' } });
  }); // prettier-ignore

  it('one run of a kind goes on at a time, and the same request is the same run', async () => {
    const acme = await home.deployment(billing);
    const key = { 'idempotency-key': randomUUID() };
    const [first, again] = [
      await acme.admin.post('/api/v1/billing-runs', { kind: 'billing' }, key),
      await acme.admin.post('/api/v1/billing-runs', { kind: 'billing' }, key),
    ];
    expect([first.status, again.body]).toEqual([202, first.body]);
    const location = `/api/v1/billing-runs/${(first.body as { id: string }).id}`;
    expect([first, again].map(({ headers }) => headers.get('location'))).toEqual([location, location]);
    await endedRun(acme, (first.body as { id: string }).id);
    const open = randomUUID();
    await openRun(acme, open);
    const refused = await acme.admin.post('/api/v1/billing-runs', { kind: 'billing' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'BILLING_RUN.UNDER_WAY', runId: open } });
  });
});

describe('the queue decides nothing', () => {
  it('a job of another epoch, of a stranger, or of nonsense does nothing', async () => {
    const { acme, accounts } = await scene(1);
    await openRun(acme, randomUUID());
    for (const data of [job(acme, 2), { ...job(acme), deploymentId: randomUUID() }, 'x', null, {}]) {
      await processor.process(data);
    }
    expect(await balanceOf(acme, accounts[0]!)).toBe('0.00');
    await processor.process(job(acme));
    expect(await balanceOf(acme, accounts[0]!)).toBe('31.00');
  });

  it('a Redis that was flushed changes no charge: what is due is given again', async () => {
    const { acme, accounts } = await scene(2);
    const prefix = redisPrefix(home.homeId);
    const id = await requestRun(acme, 'billing');
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(...keys);
    const index = home.service.app.get(DueIndex, { strict: false });
    const run = await waitFor('the run', async () => {
      // Its job may have run already, or be lost: after a minute by the Clock it is given again.
      await index.give(new Date(home.issuer.issuedAt.getTime() + 120_000));
      const body = (await acme.admin.expect(200, 'GET', `/api/v1/billing-runs/${id}`)) as {
        state: string;
        done: number;
      };
      return body.state === 'succeeded' && body;
    });
    expect(run.done).toBe(2);
    for (const account of accounts) expect(await balanceOf(acme, account)).toBe('31.00');
  });

  it('E18: every key of the queue stands under the prefix of its home, and a replayed job charges nothing', async () => {
    const { acme, accounts } = await scene(1);
    const prefix = redisPrefix(home.homeId);
    await endedRun(acme, await requestRun(acme, 'billing'));
    const connection = new Redis(requiredVariable('TEST_REDIS_URL'), { maxRetriesPerRequest: null });
    const queue = new Queue('billing', { connection, prefix: prefix.slice(0, -1) });
    await Promise.all(Array.from({ length: 5 }, () => queue.add('look', job(acme))));
    await waitFor('the jobs', async () => (await queue.getJobCountByTypes('waiting', 'active', 'delayed')) === 0);
    await queue.close();
    connection.disconnect();
    expect(await balanceOf(acme, accounts[0]!)).toBe('31.00');
    const mine = (await redis.keys('*')).filter((key) => key.includes(home.homeId.replaceAll('-', '')));
    expect(mine.length).toBeGreaterThan(0);
    expect(mine.filter((key) => !key.startsWith(prefix))).toEqual([]);
  });
});
