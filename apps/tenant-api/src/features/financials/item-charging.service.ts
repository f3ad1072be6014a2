import { Inject, Injectable } from '@nestjs/common';
import { money, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { nextDueAt, periodsBeginning, periodText, type ItemPeriod } from './domain/item-periods.js';
import { FinancialErrors } from './financials.errors.js';
import { FinancialService } from './financial.service.js';
import {
  findItem,
  hasDueItems,
  insertPeriods,
  lockDueItems,
  lockPeriod,
  saveDecision,
  saveNextDue,
  type AccountItem,
  type DecidedPeriod,
} from './items.store.js';
import { lockAccounts, type Account } from './ledger.store.js';

/** Whether the license lets a period be charged, asked at the moment of charging. */
export type MayCharge = () =>
  | { readonly allowed: true; readonly licenseVersion: number }
  | { readonly allowed: false; readonly reason: string; readonly licenseVersion: number | null };

export interface Settled {
  readonly charged: number;
  readonly skipped: number;
  /** By currency, what was charged. */
  readonly amounts: ReadonlyMap<string, bigint>;
  /** Whether nothing is left; what other workers hold is. */
  readonly isDone: boolean;
}

/** Periods of an item that one turn takes: an item that slept for years does not hold a transaction for them all. */
const PERIODS_PER_ITEM = 36;
/** And all items of a turn together, however many of them slept: a transaction has seconds, and what it holds others wait for. */
const PERIODS_PER_TURN = 2_000;

interface Unit {
  readonly item: AccountItem;
  readonly due: ItemPeriod;
  readonly answer: ReturnType<MayCharge>;
}

type Accounts = ReadonlyMap<string, Account>;

/** Decides the periods of items, each once: charged, or skipped with the reason. */
@Injectable()
export class ItemCharging {
  constructor(
    @Inject(FinancialService) private readonly financials: FinancialService,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /**
   * Takes up to that many items of which a period has begun, and decides all their periods until now, in this transaction. Others
   * take others at the same time. Nothing but the license decides between charging and skipping, and it is asked here, once all that a
   * unit may have to wait for is held.
   */
  async settleDue(
    tx: Tx,
    run: { readonly id: string | null; readonly take: number; readonly mayCharge: MayCharge; readonly actor: string },
  ): Promise<Settled> {
    const now = this.clock.now();
    const items = await lockDueItems(tx, now, run.take);
    const accounts = await lockAccounts(tx, [...new Set(items.map(({ accountId }) => accountId))]);
    const until = new Date(now.getTime() + 1);
    const perItem = Math.max(1, Math.min(PERIODS_PER_ITEM, Math.floor(PERIODS_PER_TURN / items.length)));
    const taken = items.map((item) => {
      const periods = periodsBeginning(item, item.nextDueAt!, until, perItem);
      return { item, units: periods.map((due): Unit => ({ item, due, answer: run.mayCharge() })) };
    });
    const units = taken.flatMap((one) => one.units);
    const charged = units.filter(({ answer }) => answer.allowed);
    const entryIds = await this.book(tx, charged, accounts, run.actor);
    faultPoint('billing_run.after_entries');
    const decided = units.map((unit) => this.decided(unit, entryIds.get(unit) ?? null, run.id, now));
    await insertPeriods(tx, decided);
    const next = taken.map((one) => ({
      id: one.item.id,
      nextDueAt: dueAfter(one.item, one.units, { until, perItem }),
    }));
    await saveNextDue(tx, next);
    return {
      charged: charged.length,
      skipped: units.length - charged.length,
      amounts: sumByCurrency(charged),
      isDone: !(await hasDueItems(tx, now)),
    };
  }

  /** An explicit decision for one skipped period: charged at what it came to then. */
  async chargeSkipped(
    tx: Tx,
    id: string,
    by: { readonly actor: string; readonly licenseVersion: number },
  ): Promise<void> {
    const period = await this.skipped(tx, id);
    const item = (await findItem(tx, period.itemId))!;
    const amount = money(period.amountMinor, item.price.currency);
    const description = periodText(item.description, period, item.timeZone);
    const entry =
      amount.minor === 0n
        ? null
        : await this.financials.charge(tx, { accountId: item.accountId, amount, description, ...by });
    const at = this.clock.now();
    await saveDecision(tx, { id, state: 'charged', entryId: entry?.id ?? null, actor: by.actor, at });
  }

  /** Never charged: the member owes nothing for it, and no run takes it up again. */
  async forgiveSkipped(tx: Tx, id: string, actor: string): Promise<void> {
    await this.skipped(tx, id);
    await saveDecision(tx, { id, state: 'forgiven', entryId: null, actor, at: this.clock.now() });
  }

  private async skipped(tx: Tx, id: string): Promise<DecidedPeriod> {
    const period = await lockPeriod(tx, id);
    if (!period) throw new RefusalError(FinancialErrors.PERIOD_UNKNOWN({ detail: `There is no skipped period ${id}` }));
    if (period.state === 'skipped') return period;
    throw new RefusalError(FinancialErrors.PERIOD_DECIDED({ detail: `The period is ${period.state}` }));
  }

  private async book(tx: Tx, charged: readonly Unit[], accounts: Accounts, actor: string): Promise<Map<Unit, string>> {
    const owed = charged.filter(({ due }) => due.amount.minor > 0n);
    const entries = await this.financials.bookAll(
      tx,
      'charge',
      owed.map(({ item, due, answer }) => ({
        accountId: item.accountId,
        amount: due.amount,
        description: periodText(item.description, due.period, item.timeZone),
        actor,
        licenseVersion: answer.licenseVersion,
      })),
      accounts,
    );
    return new Map(owed.map((unit, index) => [unit, entries[index]!.id]));
  }

  private decided({ item, due, answer }: Unit, entryId: string | null, runId: string | null, now: Date): DecidedPeriod {
    return {
      id: this.ids.uuid(),
      itemId: item.id,
      ...due.period,
      state: answer.allowed ? 'charged' : 'skipped',
      amountMinor: due.amount.minor,
      entryId,
      runId,
      reason: answer.allowed ? null : answer.reason,
      licenseVersion: answer.licenseVersion,
      recordedAt: now,
    };
  }
}

/** After the last period that was taken; where the turn took all that it may, that is still behind. */
function dueAfter(
  item: AccountItem,
  taken: readonly Unit[],
  { until, perItem }: { readonly until: Date; readonly perItem: number },
): Date | null {
  const last = taken.at(-1);
  const from = last && taken.length === perItem ? new Date(last.due.period.from.getTime() + 1) : until;
  return nextDueAt(item, from);
}

function sumByCurrency(units: readonly Unit[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { due } of units) {
    sums.set(due.amount.currency, (sums.get(due.amount.currency) ?? 0n) + due.amount.minor);
  }
  return sums;
}
