import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executeSql, querySql } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { addItem, balanceOf, billingScene, endedRun, licensedFor, requestRun } from '../../testing/billing-scene.js';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';

interface Shown {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly opening: { amount: string };
  readonly closing: { amount: string };
}

const licensed = licensedFor('automated_billing', 'statement_runs');
const francs = (amount: string) => ({ amount, currency: 'CHF' });
let home: RunningHome;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z');
});
afterAll(async () => {
  await home?.close();
});

const book = (of: ServedDeployment, account: string, kind: string, amount: string) =>
  of.admin.expect(201, 'POST', `/api/v1/accounts/${account}/entries`, {
    kind,
    amount: francs(amount),
    description: kind,
  });
const statementsOf = async (of: ServedDeployment, account: string) =>
  ((await of.admin.expect(200, 'GET', `/api/v1/accounts/${account}/statements`)) as { data: Shown[] }).data;
/** The next statements, an hour later. */
const state = async (of: ServedDeployment) => {
  home.moveClock(60_000);
  return endedRun(of, await requestRun(of, 'statements'));
};

describe('statements', () => {
  it('an erased member is told of what is owed or was booked, and of nothing else; what comes later is told from there on', async () => {
    const { tenant, accounts, memberIds } = await billingScene(home, 4, licensed);
    const [settled, owing, corrected, unused] = accounts as [string, string, string, string];
    for (const account of [settled, owing, corrected]) await book(tenant, account, 'charge', '31.00');
    for (const account of [settled, corrected]) await book(tenant, account, 'payment', '31.00');
    const told = async () => (await Promise.all(accounts.map((account) => statementsOf(tenant, account)))).map(({ length }) => length);
    for (const id of memberIds.slice(0, 3)) await tenant.admin.expect(204, 'DELETE', `/api/v1/members/${id}`);
    expect(await state(tenant)).toMatchObject({ done: 4 });
    await tenant.admin.expect(204, 'DELETE', `/api/v1/members/${memberIds[3]}`);
    await book(tenant, corrected, 'adjustment', '-1.00');
    expect(await state(tenant)).toMatchObject({ done: 2 });
    expect(await told()).toEqual([1, 2, 2, 1]);
    await book(tenant, settled, 'adjustment', '2.00');
    await state(tenant);
    expect(await told()).toEqual([2, 3, 3, 1]);
    const [second, first] = await statementsOf(tenant, settled);
    expect([second!.from, second!.opening.amount, second!.closing.amount]).toEqual([first!.to, '0.00', '2.00']);
    expect((await statementsOf(tenant, unused))[0]!.closing.amount).toBe('0.00');
  }); // prettier-ignore

  it('who is being erased while statements are made is named on none of them', async () => {
    const { tenant, accounts, memberIds } = await billingScene(home, 2, licensed);
    await book(tenant, accounts[0]!, 'charge', '7.00');
    home.moveClock(60_000);
    const papers = () => home.handle(tenant.deploymentId).read((reader) =>
      querySql<{ account: string; addressee: string | null }>(reader, `SELECT s.account_id::text AS account, p.addressee FROM statement s JOIN statement_paper p ON p.statement_id = s.id`));
    const run = await home.handle(tenant.deploymentId).run(async (tx) => {
      await querySql(tx, 'SELECT 1 FROM member WHERE id = $1::uuid FOR UPDATE', [memberIds[0]]);
      const id = await requestRun(tenant, 'statements');
      await waitFor('the other', async () => (await papers()).length === 1);
      await executeSql(tx, `UPDATE member SET state = 'erased', email = NULL, name = NULL, erased_at = created_at WHERE id = $1::uuid`, [memberIds[0]]);
      return id;
    });
    home.moveClock(61_000);
    await endedRun(tenant, run);
    const named = new Map((await papers()).map(({ account, addressee }) => [account, addressee]));
    expect(accounts.map((account) => named.get(account))).toEqual([null, expect.stringContaining('@acme.example')]);
  }); // prettier-ignore

  it('each begins where the one before it ended, with what that closed with, and tells every entry once', async () => {
    const { tenant, accounts } = await billingScene(home, 2, licensed);
    const [one, two] = accounts as [string, string];
    await addItem(tenant.admin, one);
    await endedRun(tenant, await requestRun(tenant, 'billing'));
    await book(tenant, one, 'payment', '20.00');
    expect(await state(tenant)).toMatchObject({ done: 2, skipped: 0 });
    await book(tenant, one, 'charge', '5.50');
    await book(tenant, one, 'credit', '1.00');
    await state(tenant);
    const [second, first] = await statementsOf(tenant, one);
    expect([first!.opening, first!.closing, second!.opening, second!.closing].map(({ amount }) => amount)).toEqual(['0.00', '11.00', '11.00', '15.50']);
    expect(second!.from).toBe(first!.to);
    const [quiet] = await statementsOf(tenant, two);
    expect([quiet!.opening.amount, quiet!.closing.amount]).toEqual(['0.00', '0.00']);
    const shown = await Promise.all([first!, second!].map(({ id }) => tenant.admin.expect(200, 'GET', `/api/v1/statements/${id}`)));
    const told = shown.flatMap((body) => (body as { entries: { kind: string; amount: { amount: string } }[] }).entries);
    expect(told.map(({ kind, amount }) => `${kind} ${amount.amount}`)).toEqual(['charge 31.00', 'payment -20.00', 'charge 5.50', 'credit -1.00']);
  }); // prettier-ignore

  it('a run that is made again makes none again, and a member sees its own alone', async () => {
    const { tenant, accounts } = await billingScene(home, 1, licensed);
    const member = await home.member(tenant, 'member');
    const mine = (await tenant.admin.expect(201, 'POST', '/api/v1/accounts', { memberId: member.memberId, currency: 'CHF' })) as { id: string };
    await book(tenant, mine.id, 'charge', '7.00');
    expect(await state(tenant)).toMatchObject({ done: 2 });
    const [statement] = await statementsOf(tenant, mine.id);
    const [other] = await statementsOf(tenant, accounts[0]!);
    expect((await member.get('/public/me/statements')).body).toMatchObject({ data: [{ id: statement!.id, closing: { amount: '7.00' } }] });
    expect((await member.get(`/public/me/statements/${statement!.id}`)).body).toMatchObject({ entries: [{ kind: 'charge' }] });
    expect(await member.get(`/public/me/statements/${other!.id}`)).toMatchObject({ status: 404, body: { code: 'STATEMENT.UNKNOWN' } });
    expect((await member.get(`/api/v1/statements/${statement!.id}`)).status).toBe(403);
    expect((await member.get('/public/me/balance')).body).toMatchObject({ data: [{ accountId: mine.id, balance: { amount: '7.00' } }] });
    await addItem(tenant.admin, mine.id, '2026-03-01');
    expect((await member.get('/public/me/subscription')).body).toMatchObject({ data: [{ accountId: mine.id, description: 'Locker' }] });
  }); // prettier-ignore

  it('without the license none is made, and the next one tells of that time too', async () => {
    const { tenant, accounts } = await billingScene(home, 1, licensedFor('automated_billing'));
    const [account] = accounts as [string];
    await book(tenant, account, 'charge', '3.00');
    expect(await state(tenant)).toMatchObject({ done: 0, skipped: 1 });
    expect(await statementsOf(tenant, account)).toEqual([]);
    await home.license(tenant, { ...licensed });
    await state(tenant);
    const [only, ...rest] = await statementsOf(tenant, account);
    expect([only!.opening.amount, only!.closing.amount, rest]).toEqual(['0.00', '3.00', []]);
  });

  it('without MAIL_URL none is sent, and each says so; without a letterhead none is even marked', async () => {
    const { tenant, accounts } = await billingScene(home, 1, licensed);
    const [account] = accounts as [string];
    await state(tenant);
    const sending = async () =>
      ((await statementsOf(tenant, account))[0] as unknown as { sending: object | null }).sending;
    const [unmarked] = await statementsOf(tenant, account);
    expect(await sending()).toBeNull();
    const path = `/api/v1/statements/${unmarked!.id}`;
    expect((await tenant.admin.post(`${path}/send`)).body).toMatchObject({ code: 'STATEMENT.NO_LETTERHEAD' });
    expect((await tenant.admin.get(`${path}/pdf`)).status).toBe(200);
    const letterhead = { legalName: 'Acme', address: ['1 Harbor Road'], locale: 'en', timeZone: 'UTC' };
    await tenant.admin.expect(200, 'PUT', '/api/v1/letterhead', letterhead);
    await state(tenant);
    const ended = await waitFor('the end of its mail', async () => {
      const found = (await sending()) as { state: string } | null;
      return found?.state === 'failed' && found;
    });
    expect(ended).toMatchObject({ attempts: 1, lastError: 'MAIL_URL_UNSET', sentAt: null });
  });

  it('whatever is booked and stated, statements go on from each other and end where the ledger is', async () => {
    const { tenant, accounts } = await billingScene(home, 3, licensed);
    const kinds = ['charge', 'payment', 'payment', 'payment', 'refund', 'credit', 'charge'];
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        accounts.map(async (account, index) => {
          for (const [position, kind] of kinds.slice(index).entries()) {
            await book(tenant, account, kind, `${round + 1}.${position}${index}`);
          }
        }),
      );
      await state(tenant);
    }
    for (const account of accounts) {
      const told = (await statementsOf(tenant, account)).reverse();
      expect(told.slice(1).map(({ from, opening }) => [from, opening.amount])).toEqual(
        told.slice(0, -1).map(({ to, closing }) => [to, closing.amount]),
      );
      expect(told.at(-1)!.closing.amount).toBe(await balanceOf(tenant, account));
    }
  });

  it('PostgreSQL keeps what was told: no statement changes, and none leaves a gap', async () => {
    const { tenant, accounts } = await billingScene(home, 1, licensed);
    await state(tenant);
    const run = (sql: string) => home.handle(tenant.deploymentId).run((tx) => querySql(tx, sql));
    for (const sql of [
      'UPDATE statement SET closing_minor = 5',
      'DELETE FROM statement',
      `INSERT INTO statement SELECT gen_random_uuid(), account_id, period_to + interval '1 day', period_to + interval '2 days', currency,
         closing_minor, closing_minor, 0, NULL, NULL, NULL, 1, issued_at FROM statement WHERE account_id = '${accounts[0]!}'`,
      `INSERT INTO statement SELECT gen_random_uuid(), account_id, period_to, period_to + interval '1 day', currency,
         closing_minor + 1, closing_minor + 1, 0, NULL, NULL, NULL, 1, issued_at FROM statement WHERE account_id = '${accounts[0]!}'`,
    ]) {
      await expect(run(sql)).rejects.toThrow();
    }
    expect(await statementsOf(tenant, accounts[0]!)).toHaveLength(1);
  });
});
