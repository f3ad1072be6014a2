import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startOfDay } from '@biplane/billing-calendar';
import { money, moneyToJson, orThrow, parseCurrency, parseDecimal } from '@biplane/kernel';
import { executeSql, RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { FinancialService } from './financial.service.js';
import { ItemCharging, type MayCharge } from './item-charging.service.js';
import { AccountItems, type NewItem } from './items.service.js';
import { skippedPeriods } from './items.store.js';
import { insertProduct } from './products.store.js';

const usd = orThrow(parseCurrency('USD'));
const zone = 'Europe/Zurich';
const day = (text: string) => startOfDay(text, zone);
const dollars = (minor: bigint) => money(minor, usd);
const allowed: MayCharge = () => ({ allowed: true, licenseVersion: 7 });
const refused: MayCharge = () => ({ allowed: false, reason: 'LICENSE.MODULE_NOT_LICENSED', licenseVersion: 8 });

let postgres: TestPostgres;
let database: UnitOfWork;
let clock: FakeClock;
let financials: FinancialService;
let items: AccountItems;
let charging: ItemCharging;

beforeAll(async () => {
  postgres = await testPostgres('tenant');
  database = await testUnitOfWork('tenant', postgres.url);
  clock = new FakeClock(day('2026-03-01'));
  const ids = new RandomIds(clock);
  financials = new FinancialService(clock, ids);
  items = new AccountItems(financials, clock, ids);
  charging = new ItemCharging(financials, clock, ids);
  await database.run((tx) => insertProduct(tx, { code: 'locker', name: 'Locker', createdAt: clock.now() }));
});
afterAll(async () => {
  await database?.close();
  await postgres?.drop();
});

async function account(currency = 'USD'): Promise<string> {
  const memberId = randomUUID();
  await postgres.query(`INSERT INTO member VALUES ($1, 'member', 'active', $2)`, [memberId, clock.now()]);
  return (await database.run((tx) => financials.openAccount(tx, memberId, currency))).id;
}
const book = (kind: 'charge' | 'payment' | 'refund' | 'credit' | 'adjustment', accountId: string, minor: bigint) =>
  database.run((tx) =>
    financials[kind](tx, { accountId, amount: dollars(minor), description: kind, actor: 'member:test' }),
  );
const owed = async (accountId: string, at?: Date) =>
  moneyToJson(await database.run((tx) => financials.balance(tx, accountId, at))).amount;
const addItem = (accountId: string, over: Partial<NewItem> = {}) =>
  database.run((tx) =>
    items.add(tx, {
      accountId, productCode: 'locker', description: 'Locker 12', price: dollars(3100n), quantity: orThrow(parseDecimal('1')),
      months: 1, timeZone: zone, startsOn: '2026-03-01', endsOn: null, anchor: null, externalId: null, ...over,
    }),
  ); // prettier-ignore
const settle = (mayCharge: MayCharge = allowed, take = 100) =>
  database.run((tx) => charging.settleDue(tx, { id: null, take, mayCharge, actor: 'job:test' }));
const entriesOf = (accountId: string) =>
  postgres.query<{ kind: string; description: string; amount: string; license_version: number | null }>(
    `SELECT e.kind, e.description, p.amount_minor::text AS amount, e.license_version FROM journal_entry e
       JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id WHERE e.account_id = $1 ORDER BY e.number`,
    [accountId],
  );
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: { failure?: { code: string } }) => error.failure?.code ?? String(error),
  );

describe('the ledger', () => {
  it('every booking moves the balance, and the balance of any earlier instant stays what it was', async () => {
    const id = await account();
    const balances: string[] = [];
    for (const [kind, minor] of [['charge', 5000n], ['payment', 2000n], ['refund', 500n], ['credit', 1000n], ['adjustment', -1n]] as const) {
      await book(kind, id, minor);
      balances.push(await owed(id));
      clock.advance(3_600_000);
    } // prettier-ignore
    expect(balances).toEqual(['50.00', '30.00', '35.00', '25.00', '24.99']);
    expect(await owed(id, new Date(clock.now().getTime() - 3 * 3_600_000))).toBe('35.00');
    expect(await owed(id, new Date(0))).toBe('0.00');
  });

  it('a refund is never more than was paid and not paid back, whatever is owed', async () => {
    const id = await account();
    await book('charge', id, 5000n);
    await book('credit', id, 9000n);
    const refused = async (minor: bigint) => {
      const error = (await book('refund', id, minor).catch((reason: unknown) => reason)) as { failure: { code: string; members: unknown } };
      return [error.failure.code, error.failure.members];
    };
    const code = 'FINANCIALS.REFUND_EXCEEDS_PAYMENTS';
    const refundable = (amount: string) => ({ refundable: { amount, currency: 'USD' } });
    expect(await refused(1n)).toEqual([code, refundable('0.00')]);
    await book('payment', id, 2000n);
    await book('payment', id, 500n);
    expect(await refused(2501n)).toEqual([code, refundable('25.00')]);
    await book('refund', id, 2400n);
    expect(await refused(101n)).toEqual([code, refundable('1.00')]);
    await book('refund', id, 100n);
    expect(await refused(1n)).toEqual([code, refundable('0.00')]);
    expect(await owed(id)).toBe('-40.00');
  }); // prettier-ignore

  it('of refunds at once on one account as many are booked as what was paid allows', async () => {
    const id = await account();
    await book('payment', id, 1000n);
    const refund = { accountId: id, amount: dollars(300n), description: 'refund', actor: 'member:test' };
    const booked = () => database.run((tx) => financials.refund(tx, refund), { waitMs: 30_000 });
    const codes = await Promise.all(Array.from({ length: 8 }, () => refusal(booked())));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(3);
    expect(codes.filter((code) => code === 'FINANCIALS.REFUND_EXCEEDS_PAYMENTS')).toHaveLength(5);
    expect(await owed(id)).toBe('-1.00');
  });

  it('one account for each member and currency, and amounts only in its own', async () => {
    const memberId = randomUUID();
    await postgres.query(`INSERT INTO member VALUES ($1, 'member', 'active', $2)`, [memberId, clock.now()]);
    const open = (currency: string) => database.run((tx) => financials.openAccount(tx, memberId, currency));
    const codes = await Promise.all(Array.from({ length: 4 }, () => refusal(open('USD'))));
    expect(codes.sort()).toEqual(['FINANCIALS.ACCOUNT_EXISTS', 'FINANCIALS.ACCOUNT_EXISTS', 'FINANCIALS.ACCOUNT_EXISTS', 'accepted']);
    const euro = await open('EUR');
    expect(await refusal(book('charge', euro.id, 1n))).toBe('FINANCIALS.CURRENCY_MISMATCH');
    expect(await refusal(book('charge', await account(), 0n))).toBe('FINANCIALS.AMOUNT_INVALID');
    expect(await refusal(book('charge', randomUUID(), 1n))).toBe('FINANCIALS.ACCOUNT_UNKNOWN');
  }); // prettier-ignore

  it.each([
    ['postings that do not sum to zero', (tx: Tx, entry: string, id: string) => posting(tx, entry, id, 0, 5n)],
    ['an entry without postings', async () => undefined],
  ])('PostgreSQL refuses %s', async (_what, post) => {
    const id = await account();
    const attempt = database.run(async (tx) => {
      const entry = randomUUID();
      await executeSql(tx, `INSERT INTO journal_entry (id, kind, account_id, booked_at, description, actor) VALUES ($1::uuid, 'charge', $2::uuid, $3, 'x', 'x')`, [entry, id, clock.now()]);
      await post(tx, entry, id);
    }); // prettier-ignore
    await expect(attempt).rejects.toThrow(/sum to zero|RestrictViolation/);
    expect(await entriesOf(id)).toEqual([]);
  });

  it('PostgreSQL lets nobody change, delete or add to what was booked', async () => {
    const id = await account();
    const entry = await book('charge', id, 100n);
    for (const sql of [
      `UPDATE posting SET amount_minor = amount_minor`,
      `DELETE FROM posting`,
      `UPDATE journal_entry SET description = 'other'`,
      `DELETE FROM journal_entry`,
      `TRUNCATE journal_entry CASCADE`,
      `INSERT INTO posting VALUES ('${entry.id}', 2, '${id}', 'USD', 5), ('${entry.id}', 3, '${id}', 'USD', -5)`,
    ]) {
      await expect(postgres.query(sql)).rejects.toMatchObject({ code: '23001' });
    }
    expect(await owed(id)).toBe('1.00');
  });

  it('nothing is booked into a period that a statement told', async () => {
    const id = await account();
    await book('charge', id, 100n);
    const through = new Date(clock.now().getTime() + 86_400_000);
    await postgres.query('UPDATE ledger_account SET stated_through = $2 WHERE id = $1', [id, through]);
    const late = await book('payment', id, 40n);
    expect(late.bookedAt).toEqual(through);
    expect(await owed(id, new Date(through.getTime() - 1))).toBe('1.00');
    const before = `INSERT INTO journal_entry (id, kind, account_id, booked_at, description, actor) VALUES (gen_random_uuid(), 'charge', $1, $2, 'x', 'x')`;
    await expect(postgres.query(before, [id, clock.now()])).rejects.toThrow(/statement is made/);
  });

  it('bookings at once on one account are one after the other, in the order of their instants', async () => {
    const id = await account();
    await Promise.all(Array.from({ length: 20 }, (_, index) => book(index % 2 ? 'payment' : 'charge', id, 10n)));
    expect(await owed(id)).toBe('0.00');
    const [row] = await postgres.query<{ ordered: boolean }>(
      `SELECT bool_and(booked_at >= before) AS ordered FROM (SELECT booked_at, lag(booked_at, 1, booked_at) OVER (ORDER BY number) AS before
         FROM journal_entry WHERE account_id = $1) e`,
      [id],
    );
    expect(row!.ordered).toBe(true);
  });
});

const posting = (tx: Tx, entry: string, account: string, position: number, minor: bigint) =>
  executeSql(tx, `INSERT INTO posting VALUES ($1::uuid, $2::int, $3::uuid, 'USD', $4::bigint)`, [
    entry,
    position,
    account,
    minor,
  ]);

describe('charging items', () => {
  it('each period is charged once, when it begins, with the license that allowed it', async () => {
    const id = await account();
    await addItem(id);
    expect(await settle()).toMatchObject({ charged: 1, skipped: 0, isDone: true });
    expect(await settle()).toMatchObject({ charged: 0, isDone: true });
    clock.set(day('2026-04-01'));
    await settle();
    expect(await entriesOf(id)).toEqual([
      { kind: 'charge', description: 'Locker 12, 2026-03-01 to 2026-03-31', amount: '3100', license_version: 7 },
      { kind: 'charge', description: 'Locker 12, 2026-04-01 to 2026-04-30', amount: '3100', license_version: 7 },
    ]);
  });

  it('workers at once charge each period once between them', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => account()));
    for (const id of ids) await addItem(id, { startsOn: '2026-02-01' });
    await Promise.all([1, 2, 3, 4].map(() => settle(allowed, 5)));
    while (!(await settle(allowed, 5)).isDone);
    for (const id of ids) expect((await entriesOf(id)).length).toBe(3);
  });

  it('D18: what the license does not allow is skipped with its reason, and never taken up by itself', async () => {
    const id = await account();
    const item = await addItem(id, { startsOn: '2026-04-01' });
    expect(await settle(refused)).toMatchObject({ charged: 0, skipped: 1 });
    expect(await settle(allowed)).toMatchObject({ charged: 0, skipped: 0 });
    clock.set(day('2026-05-01'));
    await settle(allowed);
    expect((await entriesOf(id)).map(({ description }) => description)).toEqual([
      'Locker 12, 2026-05-01 to 2026-05-31',
    ]);
    const [skipped] = await mine(item.id);
    expect(skipped).toMatchObject({ state: 'skipped', reason: 'LICENSE.MODULE_NOT_LICENSED', licenseVersion: 8 });
  });

  it('a skipped period is decided once: charged at what it came to, or forgiven for good', async () => {
    const [one, two] = [await account(), await account()];
    const [kept, left] = [await addItem(one, { startsOn: '2026-05-01' }), await addItem(two, { startsOn: '2026-05-01' })];
    await settle(refused);
    const [charged] = await mine(kept.id);
    const [forgiven] = await mine(left.id);
    const charge = () =>
      database.run((tx) => charging.chargeSkipped(tx, charged!.id, { actor: 'member:admin', licenseVersion: 9 }));
    const results = await Promise.all([refusal(charge()), refusal(charge())]);
    expect(results.sort()).toEqual(['FINANCIALS.PERIOD_DECIDED', 'accepted']);
    await database.run((tx) => charging.forgiveSkipped(tx, forgiven!.id, 'member:admin'));
    expect(await refusal(database.run((tx) => charging.forgiveSkipped(tx, charged!.id, 'x')))).toBe('FINANCIALS.PERIOD_DECIDED');
    expect([await owed(one), await owed(two)]).toEqual(['31.00', '0.00']);
    await expect(postgres.query(`UPDATE item_period SET state = 'forgiven' WHERE id = $1`, [charged!.id])).rejects.toThrow(/decided once/);
    expect(await refusal(database.run((tx) => charging.forgiveSkipped(tx, randomUUID(), 'x')))).toBe('FINANCIALS.PERIOD_UNKNOWN');
  }); // prettier-ignore

  it('PostgreSQL decides a period of an item once, whoever asks', async () => {
    const item = await addItem(await account(), { startsOn: '2026-05-01' });
    await settle();
    const again = `INSERT INTO item_period (item_id, period_from, period_to, id, state, amount_minor, recorded_at)
      SELECT item_id, period_from, period_to, gen_random_uuid(), 'forgiven', 0, recorded_at FROM item_period WHERE item_id = $1`;
    await expect(postgres.query(again, [item.id])).rejects.toThrow();
    await expect(postgres.query('DELETE FROM item_period WHERE item_id = $1', [item.id])).rejects.toThrow(
      /append-only/,
    );
  });

  it('an item that slept for years is taken up in turns, every period of it', async () => {
    const id = await account();
    await addItem(id, { startsOn: '2021-05-01' });
    const first = await settle();
    expect(first).toMatchObject({ charged: 36, isDone: false });
    while (!(await settle()).isDone);
    expect((await entriesOf(id)).length).toBe(61);
  });

  it('a turn decides two thousand periods at most, however many items slept', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => account()));
    for (const id of ids) for (let n = 0; n < 20; n += 1) await addItem(id, { startsOn: '2023-05-01', endsOn: '2026-01-01' });
    const counts: number[] = [];
    for (let isDone = false; !isDone;) {
      const settled = await settle();
      counts.push(settled.charged);
      isDone = settled.isDone;
    }
    expect(counts).toEqual([2_000, 1_200]);
    for (const id of ids) expect((await entriesOf(id)).length).toBe(20 * 32);
  }); // prettier-ignore

  it('an erased member is charged for what it had until its day, and what is charged beyond ends there', async () => {
    clock.set(day('2026-05-10'));
    const memberId = randomUUID();
    await postgres.query(`INSERT INTO member VALUES ($1, 'member', 'active', $2)`, [memberId, clock.now()]);
    const { id } = await database.run((tx) => financials.openAccount(tx, memberId, 'USD'));
    const paid = await addItem(id, { startsOn: '2026-05-01' });
    await settle();
    const [open, short] = [await addItem(id, { startsOn: '2026-05-01' }), await addItem(id, { startsOn: '2026-05-01', endsOn: '2026-05-06' })];
    await database.run((tx) => items.endAllOf(tx, memberId));
    const ends = async (itemId: string) => (await database.run((tx) => items.item(tx, itemId))).endsAt;
    expect([await ends(paid.id), await ends(open.id), await ends(short.id)]).toEqual([day('2026-06-01'), day('2026-05-11'), day('2026-05-06')]);
    clock.set(day('2026-07-01'));
    await settle();
    expect((await entriesOf(id)).map(({ amount }) => amount).sort()).toEqual(['1000', '3100', '500']);
    clock.set(day('2026-05-01'));
  }); // prettier-ignore

  it('an item ends where nothing beyond is charged yet, and is charged for the days until then', async () => {
    const id = await account();
    const item = await addItem(id, { startsOn: '2026-05-01' });
    await settle();
    const end = (day: string | null) => database.run((tx) => items.end(tx, item.id, day));
    expect(await refusal(end('2026-05-20'))).toBe('FINANCIALS.ITEM_CHARGED_BEYOND');
    await end('2026-06-11');
    clock.set(day('2026-06-01'));
    await settle();
    expect((await entriesOf(id)).map(({ amount }) => amount)).toEqual(['3100', '1033']);
    expect(await refusal(end('2026-07-01'))).toBe('FINANCIALS.ITEM_INVALID');
    expect(await refusal(end(null))).toBe('FINANCIALS.ITEM_INVALID');
  });

  it.each([
    ['of another currency', { price: money(1n, orThrow(parseCurrency('EUR'))) }, 'FINANCIALS.CURRENCY_MISMATCH'],
    ['of no product', { productCode: 'none' }, 'FINANCIALS.PRODUCT_UNKNOWN'],
    ['that ends before it starts', { endsOn: '2026-02-01' }, 'FINANCIALS.ITEM_INVALID'],
    ['whose anchor is after its start', { anchor: '2026-03-02' }, 'FINANCIALS.ITEM_INVALID'],
    ['below zero', { price: dollars(-1n) }, 'FINANCIALS.ITEM_INVALID'],
    ['of nothing', { quantity: orThrow(parseDecimal('0')) }, 'FINANCIALS.ITEM_INVALID'],
  ] as [string, Partial<NewItem>, string][])('an item %s is refused', async (_what, over, code) => {
    expect(await refusal(addItem(await account(), over))).toBe(code);
  });
});

const mine = async (itemId: string) =>
  (await database.run((tx) => skippedPeriods(tx, { after: null, take: 200 }))).filter((one) => one.itemId === itemId);
