import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { money, moneyToJson, orThrow, parseCurrency, RefusalError } from '@biplane/kernel';
import { querySql, SystemClock, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { invariants, seededRandom, seedOfRun, sizeOfRun, waitFor } from '@biplane/testing';
import type { BillingReplica } from '../../testing/billing-replica.js';
import { BillingRig } from '../../testing/billing-rig.js';
import { firstOfMonth } from '../../testing/many-items.js';

const LANES = 3;
const BOOKINGS = sizeOfRun({ soak: 5_000, ci: 60 });
const KILLS = sizeOfRun({ soak: 30, ci: 1 });
const MEMBERS = 10;
/** Months that were slept over: so many periods an item has at once. */
const MONTHS = 38;
const KINDS = ['charge', 'payment', 'refund', 'credit', 'adjustment'] as const;
const RULES = invariants().filter(({ tables }) =>
  tables.every((table) => ['posting', 'journal_entry', 'ledger_account', 'item_period', 'account_item', 'billing_run'].includes(table)),
); // prettier-ignore
const WAIT = { deadlineMs: 120_000, everyMs: 50 };
const clock = new SystemClock();
const seed = seedOfRun();
const random = seededRandom(seed);
const upTo = (most: number): number => Math.floor(random() * most);

const codeOf = (error: unknown) => (error instanceof RefusalError ? error.failure.code : null);

let rig: BillingRig;
let replica: BillingReplica;
let database: UnitOfWork;

beforeAll(async () => {
  rig = await BillingRig.open();
  replica = await rig.replica();
  database = await rig.database();
});
afterAll(async () => rig?.close(), 60_000);

/** What one instant shows: the rules that it breaks, and accounts whose balance is not the sum of their postings. */
async function snapshot(accounts: readonly string[]): Promise<string[]> {
  const look = async (tx: Tx): Promise<string[]> => {
    const wrong: string[] = [];
    for (const { name, sql } of RULES) {
      const rows = await querySql(tx, sql.replace(/;\s*$/, ''));
      if (rows.length > 0) wrong.push(`${name}: ${JSON.stringify(rows.slice(0, 3))}`);
    }
    const account = accounts[upTo(accounts.length)]!;
    const [row] = await querySql<{ minor: string; currency: string; through: Date }>(
      tx,
      `SELECT coalesce(sum(p.amount_minor), 0)::text AS minor, a.currency, a.booked_through AS through FROM ledger_account a
         LEFT JOIN posting p ON p.account_id = a.id WHERE a.id = $1::uuid GROUP BY a.id`,
      [account],
    );
    const balance = moneyToJson(await replica.financials.balance(tx, account, row!.through)).amount;
    const sum = moneyToJson(money(BigInt(row!.minor), orThrow(parseCurrency(row!.currency)))).amount;
    if (balance !== sum) wrong.push(`${account} has ${balance}, its postings ${sum}`);
    return wrong;
  };
  return database.run(look, { isolation: 'RepeatableRead', timeoutMs: 60_000 });
}

it('whatever is booked, charged and killed at once, the ledger balances in every snapshot', async () => {
  const startsOn = firstOfMonth(clock.now(), MONTHS);
  await rig.fill({ members: MEMBERS, startsOn });
  await rig.fill({ members: MEMBERS / 2, itemsEach: 2, startsOn, currency: 'JPY' });
  const accounts = await rig.query<{ id: string; currency: string }>(
    `SELECT id, currency FROM ledger_account WHERE kind = 'receivable' ORDER BY id`,
  );
  const ids = accounts.map(({ id }) => id);
  let booked = 0;
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (booked < BOOKINGS) {
      booked += 1;
      const { id, currency } = accounts[upTo(accounts.length)]!;
      const kind = KINDS[upTo(KINDS.length)]!;
      const minor = BigInt(1 + upTo(9_999)) * (kind === 'adjustment' && random() < 0.5 ? -1n : 1n);
      const amount = money(minor, orThrow(parseCurrency(currency)));
      const booking = { accountId: id, amount, description: kind, actor: 'test:chaos' };
      const book = (as: typeof kind) => database.run((tx) => replica.financials[as](tx, booking), { waitMs: 30_000 });
      await book(kind).catch((error: unknown) => {
        if (codeOf(error) !== 'FINANCIALS.REFUND_EXCEEDS_PAYMENTS') throw error;
        return book('payment');
      });
    }
  };
  const runs = async (): Promise<void> => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await rig.makeDue('billing', clock.now());
      const child = rig.look('');
      const before = await counted();
      let looksLeft = 1 + upTo(4);
      await waitFor('some of it', async () => (await counted()) > before && (looksLeft -= 1) < 0, WAIT);
      child.kill('SIGKILL');
      await child.ended;
      await rig.makeDue('billing', clock.now());
      await replica.processor.process({ deploymentId: rig.tenant.deploymentId, epoch: 1 });
      await rig.fill({ members: MEMBERS, startsOn });
    }
  };
  const counted = async () =>
    (await rig.query<{ count: number }>('SELECT count(*)::int AS count FROM item_period'))[0]!.count +
    (await rig.query(`SELECT 1 FROM billing_run WHERE state = 'succeeded'`)).length;
  let snapshots = 0;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      expect({ seed, wrong: await snapshot(ids) }).toEqual({ seed, wrong: [] });
      snapshots += 1;
    }
  };
  const watching = watch();
  const work = Promise.all([runs(), ...Array.from({ length: LANES }, lane)]).finally(() => (isOver = true));
  await Promise.all([work, watching]);
  await rig.makeDue('billing', clock.now());
  await replica.processor.process({ deploymentId: rig.tenant.deploymentId, epoch: 1 });
  expect({ seed, wrong: await snapshot(ids) }).toEqual({ seed, wrong: [] });
  expect(snapshots).toBeGreaterThan(3);
  const [row] = await rig.query<{ booked: number; undecided: number }>(
    `SELECT (SELECT count(*) FROM journal_entry WHERE actor = 'test:chaos')::int AS booked,
            (SELECT count(*) FROM account_item WHERE next_due_at <= $1)::int AS undecided`,
    [clock.now()],
  );
  expect(row).toEqual({ booked, undecided: 0 });
}, 900_000);
