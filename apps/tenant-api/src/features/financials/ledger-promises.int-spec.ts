import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { money, orThrow, parseCurrency } from '@biplane/kernel';
import { tenantDatabaseName } from '@biplane/licensing';
import { querySql } from '@biplane/service-kit';
import { checkInvariants, requiredVariable, seededRandom, seedOfRun, sizeOfRun } from '@biplane/testing';
import { addItem, billingScene, endedRun, licensedFor, requestRun } from '../../testing/billing-scene.js';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';
import { urlFor } from '../tenancy/index.js';
import { ENTRY_KINDS } from './domain/entry.js';
import { FinancialService } from './financial.service.js';

const licensed = licensedFor('automated_billing', 'statement_runs');
const OPENAPI = new URL('../../../../../docs/reference/openapi/tenant-api.json', import.meta.url);
const chf = orThrow(parseCurrency('CHF'));
const seed = seedOfRun();
const random = seededRandom(seed);
const upTo = (most: number): number => Math.floor(random() * most);

let home: RunningHome;
let financials: FinancialService;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z');
  financials = home.service.app.get(FinancialService, { strict: false });
});
afterAll(async () => {
  await home?.close();
});

const invariantsOf = ({ deploymentId }: ServedDeployment) =>
  checkInvariants(urlFor(requiredVariable('TEST_POSTGRES_URL'), tenantDatabaseName(deploymentId)));
const ids = (body: unknown) => (body as { data: { id: string }[] }).data.map(({ id }) => id);

interface Told {
  readonly from: Date;
  readonly to: Date;
  readonly opening: string;
  readonly closing: string;
  readonly entries: number;
}

describe('whatever is booked, and whenever statements are made', () => {
  it('the balance at any instant is what was booked until then, and each statement closes with what the next one opens', async () => {
    const { tenant, accounts } = await billingScene(home, 3, licensed);
    const handle = home.handle(tenant.deploymentId);
    const booked = new Map(accounts.map((id) => [id, [] as { at: number; minor: bigint }[]]));
    const paidOn = new Map<string, bigint>();
    const owedBefore = (id: string, instant: number): bigint =>
      booked.get(id)!.reduce((sum, { at, minor }) => (at < instant ? sum + minor : sum), 0n);
    const book = async (id: string): Promise<void> => {
      const drawn = ENTRY_KINDS[upTo(ENTRY_KINDS.length)]!;
      const amount = money(BigInt(1 + upTo(9_999)) * (drawn === 'adjustment' && random() < 0.5 ? -1n : 1n), chf);
      // No more is paid back than was paid.
      const paid = paidOn.get(id) ?? 0n;
      const kind = drawn === 'refund' && amount.minor > paid ? 'payment' : drawn;
      if (kind === 'payment') paidOn.set(id, paid + amount.minor);
      if (kind === 'refund') paidOn.set(id, paid - amount.minor);
      const booking = { accountId: id, amount, description: kind, actor: 'test:property' };
      const { bookedAt, member } = await handle.run((tx) => financials.book(tx, kind, booking));
      booked.get(id)!.push({ at: bookedAt.getTime(), minor: member.minor });
    };
    for (let turn = 0; turn < sizeOfRun({ soak: 60, ci: 4 }); turn += 1) {
      for (let booking = upTo(12); booking >= 0; booking -= 1) await book(accounts[upTo(accounts.length)]!);
      await endedRun(tenant, await requestRun(tenant, 'statements'));
    }
    await book(accounts[0]!);

    for (const id of accounts) {
      const instants = booked.get(id)!.flatMap(({ at }) => [at - 1, at]);
      for (const instant of instants) {
        const owed = await handle.read((reader) => financials.balance(reader, id, new Date(instant)));
        expect([seed, instant, owed.minor]).toEqual([seed, instant, owedBefore(id, instant + 1)]);
      }
      const told = await handle.read((reader) =>
        querySql<Told>(
          reader,
          `SELECT period_from AS "from", period_to AS "to", opening_minor::text AS opening, closing_minor::text AS closing, entries
             FROM statement WHERE account_id = $1::uuid ORDER BY period_from`,
          [id],
        ),
      );
      expect(told.slice(1).map(({ from, opening }) => [from, opening])).toEqual(
        told.slice(0, -1).map(({ to, closing }) => [to, closing]),
      );
      expect(told.map(({ closing }) => closing)).toEqual(told.map(({ to }) => String(owedBefore(id, to.getTime()))));
      const until = told.at(-1)!.to.getTime();
      expect(told.reduce((sum, { entries }) => sum + entries, 0)).toBe(
        booked.get(id)!.filter(({ at }) => at < until).length,
      );
    }
    await invariantsOf(tenant);
  }, 300_000);
});

describe('what is not there', () => {
  it('is a 404 of its noun for whoever reads it or what belongs to it, and never an empty list', async () => {
    const { admin } = await home.deployment(licensed);
    const { paths } = JSON.parse(await readFile(OPENAPI, 'utf8')) as { paths: Record<string, Record<string, unknown>> };
    const reads = Object.keys(paths).filter((path) => path.includes('/{id}') && 'get' in paths[path]! && !path.startsWith('/internal/'));
    const nouns = { accounts: 'FINANCIALS.ACCOUNT_UNKNOWN', 'billing-runs': 'BILLING_RUN.UNKNOWN', items: 'FINANCIALS.ITEM_UNKNOWN', members: 'MEMBER.UNKNOWN', statements: 'STATEMENT.UNKNOWN' };
    const expected = reads.map((path) => [path, 404, nouns[/^\/(?:api\/v1|public\/me)\/([^/]+)/.exec(path)![1] as keyof typeof nouns]]);
    const answers = await Promise.all(reads.map((path) => admin.get(path.replace('{id}', randomUUID()))));
    expect(answers.map(({ status, body }, index) => [reads[index], status, (body as { code?: string }).code])).toEqual(expected);
    expect(reads.length).toBeGreaterThan(10);
  }); // prettier-ignore
});

describe('what is left out', () => {
  it('of an entry its amount, and of an item its price, is told by its name, and nothing is booked', async () => {
    const { tenant, accounts } = await billingScene(home, 1, licensed);
    const item = { productCode: 'locker', description: 'Locker', intervalMonths: 1, timeZone: 'Europe/Zurich', startsOn: '2026-03-01' };
    const asked: [string, string, object][] = [
      ['entries', '/amount', { kind: 'charge', description: 'Dues' }],
      ['items', '/price', item],
    ];
    const before = await booksOf(tenant);
    for (const [path, pointer, body] of asked) {
      const answer = await tenant.admin.post(`/api/v1/accounts/${accounts[0]}/${path}`, body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID', errors: [{ pointer }] } });
    }
    expect(await booksOf(tenant)).toEqual(before);
  }); // prettier-ignore
});

describe('two tenants', () => {
  it('F2: accounts, entries, items, periods, runs and statements of one are not there for the other, and nothing of it changes', async () => {
    const [one, two] = [await billingScene(home, 1, licensed), await billingScene(home, 1, licensed)];
    const [a, b] = [one.tenant.admin, two.tenant.admin];
    const item = (await addItem(a, one.accounts[0]!)) as { id: string };
    await home.license(one.tenant, { ...licensedFor('statement_runs') });
    const run = await requestRun(one.tenant, 'billing');
    await endedRun(one.tenant, run);
    home.setClock(new Date(home.issuer.issuedAt.getTime() + 60_000));
    await endedRun(one.tenant, await requestRun(one.tenant, 'statements'));
    await home.license(one.tenant, { ...licensed });
    const account = one.accounts[0]!;
    const [skipped] = ids(await a.expect(200, 'GET', '/api/v1/financials/skipped-periods'));
    const [statement] = ids(await a.expect(200, 'GET', `/api/v1/accounts/${account}/statements`));
    const entry = { kind: 'payment', amount: { amount: '1.00', currency: 'CHF' }, description: 'x' };
    const asked: [string, string, unknown?][] = [
      ['GET', `/api/v1/accounts/${account}`],
      ['GET', `/api/v1/accounts/${account}/balance`],
      ['GET', `/api/v1/accounts/${account}/entries`],
      ['POST', `/api/v1/accounts/${account}/entries`, entry],
      ['GET', `/api/v1/accounts/${account}/statements`],
      ['GET', `/api/v1/statements/${statement}`],
      ['GET', `/api/v1/items/${item.id}`],
      ['POST', `/api/v1/financials/skipped-periods/${skipped}/charge`],
      ['POST', `/api/v1/financials/skipped-periods/${skipped}/forgive`],
      ['GET', `/api/v1/billing-runs/${run}`],
    ];
    const before = await booksOf(one.tenant);
    for (const [method, path, body] of asked) {
      expect([method, path, (await b.send(method, path, body)).status]).toEqual([method, path, 404]);
    }
    expect(await booksOf(one.tenant)).toEqual(before);
    const mine = two.accounts[0]!;
    expect(ids(await b.expect(200, 'GET', '/api/v1/accounts'))).toEqual([mine]);
    expect(await b.expect(200, 'GET', '/api/v1/billing-runs')).toMatchObject({ data: [] });
    for (const [method, path, body] of asked.filter(([method]) => method === 'GET')) {
      expect([path, (await a.send(method, path, body)).status]).toEqual([path, 200]);
    }
  });

  it('F1: a member’s token at the door of the other tenant, and the other’s ids in bodies and queries, do nothing', async () => {
    const [one, two] = [await billingScene(home, 1, licensed), await billingScene(home, 1, licensed)];
    const strange = one.tenant.admin.as(two.tenant.admin.token!);
    const amount = { amount: '1.00', currency: 'CHF' };
    const entry = { kind: 'charge', amount, description: 'x' };
    for (const [method, path, body] of [
      ['GET', '/api/v1/accounts'],
      ['GET', '/public/me/balance'],
      ['POST', `/api/v1/accounts/${one.accounts[0]}/entries`, entry],
      ['POST', '/api/v1/billing-runs', { kind: 'billing' }],
    ] as const) {
      expect([path, [401, 403].includes((await strange.send(method, path, body)).status)]).toEqual([path, true]);
    }
    const own = two.tenant.admin;
    const { deploymentId, tenantId } = one.tenant;
    for (const [path, body] of [
      [`/api/v1/accounts/${two.accounts[0]}/entries`, { ...entry, accountId: one.accounts[0] }],
      [`/api/v1/accounts/${two.accounts[0]}/entries`, { ...entry, deploymentId }],
      ['/api/v1/billing-runs', { kind: 'billing', tenantId }],
    ] as const) {
      expect([path, (await own.send('POST', path, body)).status]).toEqual([path, 400]);
    }
    const account = { memberId: one.memberIds[0], currency: 'CHF' };
    expect(await own.send('POST', '/api/v1/accounts', account)).toMatchObject({ status: 422 });
    expect((await own.get(`/api/v1/accounts?memberId=${one.memberIds[0]}`)).body).toMatchObject({ data: [] });
    expect([await booksOf(one.tenant), await booksOf(two.tenant)]).toMatchObject([{ entries: 0, runs: 0 }, { entries: 0, runs: 0 }]);
  }); // prettier-ignore

  it('F3: in any order of their requests, each reads and moves its own alone', async () => {
    const scenes = [await billingScene(home, 1, licensed), await billingScene(home, 1, licensed)];
    const requests = sizeOfRun({ soak: 5_000, ci: 40 });
    const booked = [0n, 0n];
    const ask = async (which: number): Promise<void> => {
      const { tenant, accounts } = scenes[which]!;
      const minor = BigInt(1 + upTo(900));
      const amount = { amount: `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`, currency: 'CHF' };
      const body = { kind: 'charge', amount, description: `of ${which}` };
      const path = `/api/v1/accounts/${accounts[0]}/entries`;
      const requestId = randomUUID();
      const kind = upTo(3);
      if (kind === 0) {
        const answer = await tenant.admin.send('POST', path, body, { 'x-request-id': requestId });
        expect([seed, answer.status, answer.body]).toMatchObject([seed, 201, { amount, description: `of ${which}` }]);
        booked[which]! += minor;
      } else if (kind === 1) {
        expect(ids(await tenant.admin.expect(200, 'GET', '/api/v1/accounts'))).toEqual([accounts[0]]);
      } else {
        const { data } = (await tenant.admin.expect(200, 'GET', `${path}?limit=20`)) as { data: { description: string }[] };
        expect(data.filter(({ description }) => description !== `of ${which}`)).toEqual([]);
      }
    }; // prettier-ignore
    const order = Array.from({ length: 2 * requests }, (_, index) => index % 2).sort(() => random() - 0.5);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let next = order.pop(); next !== undefined; next = order.pop()) await ask(next);
      }),
    );
    for (const [which, { tenant, accounts }] of scenes.entries()) {
      const [row] = await home.handle(tenant.deploymentId).read((reader) =>
        querySql<{ minor: string; strange: number }>(
          reader,
          `SELECT coalesce(sum(p.amount_minor) FILTER (WHERE p.account_id = $1::uuid), 0)::text AS minor,
                  count(*) FILTER (WHERE e.description <> $2)::int AS strange
             FROM posting p JOIN journal_entry e ON e.id = p.entry_id`,
          [accounts[0], `of ${which}`],
        ),
      );
      expect([seed, row]).toEqual([seed, { minor: String(booked[which]), strange: 0 }]);
      await invariantsOf(tenant);
    }
  }, 600_000);
});

async function booksOf({ deploymentId }: ServedDeployment): Promise<object> {
  const [row] = await home.handle(deploymentId).read((reader) =>
    querySql<object>(
      reader,
      `SELECT (SELECT count(*) FROM journal_entry)::int AS entries, (SELECT count(*) FROM account_item)::int AS items,
              (SELECT count(*) FROM ledger_account)::int AS accounts, (SELECT count(*) FROM billing_run)::int AS runs,
              (SELECT count(*) FROM item_period WHERE state = 'skipped')::int AS skipped,
              (SELECT count(*) FROM statement)::int AS statements`,
    ),
  ); // prettier-ignore
  return row!;
}
