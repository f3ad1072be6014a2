import { decide, limitsOf, type Decision, type LicenseClaims } from '@biplane/licensing';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { Admissions } from './admissions.js';
import { CheckDecisions } from './check-decisions.js';
import { Checks } from './checks.js';
import { CountCache } from './count-cache.js';
import { DecisionLog } from './decision-log.js';
import { LicenseKeys } from './domain/license-keys.js';
import type { LimitKey } from './domain/limit-key.js';
import { PendingCounts, type PendingCount } from './domain/pending-counts.js';
import type { SettledSlice } from './domain/slice-ledger.js';
import type { EngineParts } from './engine-parts.js';
import { KeyedAnswers } from './keyed-answers.js';
import { LimitCounters } from './limit-counters.js';
import { LimitWatch } from './limit-watch.js';
import { NewLimits } from './new-limits.js';
import type {
  AdmitQuestion,
  CheckedDecision,
  CheckQuestion,
  DeciderOptions,
  LimitPassed,
  Question,
} from './questions.js';
import { Reservations } from './reservations.js';
import { SliceBank } from './slice-bank.js';
import { takeFlush } from './store/decisions.js';
import { Throttles } from './throttles.js';
import { Tickets, type CapOf } from './tickets.js';

/** What was admitted in memory since the last flush. Stored with `settle`, again and again if need be: it counts once. */
export interface DrainedUse {
  readonly sequence: number;
  readonly slices: readonly SettledSlice[];
  readonly counts: readonly PendingCount[];
}

const PURPOSE = 'counts';

/** The one engine of limits of a plane. */
export class Decider {
  readonly counters: LimitCounters;
  readonly slices: SliceBank;
  readonly reservations: Reservations;
  readonly tickets: Tickets;
  readonly log: DecisionLog;
  readonly newLimits: NewLimits;
  private readonly keys = new LicenseKeys();
  private readonly pending = new PendingCounts();
  private readonly cache: CountCache;
  private readonly watch: LimitWatch;
  private readonly decisions: CheckDecisions;
  private readonly keyed: KeyedAnswers;
  private readonly checks: Checks;
  private readonly admissions: Admissions;
  private readonly processId: string;
  private inFlight: DrainedUse | null = null;
  private sequence = 0;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: DeciderOptions) {
    const { unitOfWork, clock, ids, usageSource } = options;
    const monotonicMs = options.monotonicMs ?? ((): number => performance.now());
    this.processId = ids.uuid();
    this.counters = new LimitCounters(usageSource);
    this.newLimits = new NewLimits(this.counters);
    this.slices = new SliceBank({ unitOfWork, counters: this.counters, clock, ids, monotonicMs });
    this.reservations = new Reservations(this.counters);
    this.tickets = new Tickets({ unitOfWork, reservations: this.reservations, ids });
    this.log = new DecisionLog({ unitOfWork, clock, ids });
    const now = (): Date => clock.now();
    const { counters, keys, log, pending } = this;
    this.cache = new CountCache({ counters, reader: unitOfWork.reader, pending, now, monotonicMs });
    this.watch = new LimitWatch({ options, counters, keys, log });
    const { slices, reservations, tickets, watch } = this;
    const throttles = new Throttles();
    const parts: EngineParts = { options, keys, counters, slices, reservations, tickets, throttles, watch, log };
    this.decisions = new CheckDecisions(parts);
    this.keyed = new KeyedAnswers({ unitOfWork, clock, log, reservations, tickets, onError: options.onError });
    this.checks = new Checks({ ...parts, keyed: this.keyed, decisions: this.decisions });
    this.admissions = new Admissions({ ...parts, cache: this.cache, pending });
  }

  /**
   * An answer to act upon: with an id, kept under an idempotency key, with a reservation or a ticket. Uses nothing by itself.
   * Refuses (RefusalError) METER.WRONG_PLANE, IDEMPOTENCY.KEY_REUSED and IDEMPOTENCY.IN_FLIGHT.
   */
  check(question: CheckQuestion): Promise<CheckedDecision> {
    return this.checks.check(question);
  }

  /** An answer at the door, which uses what it admits. */
  admit(question: AdmitQuestion): Promise<Decision> {
    return this.admissions.admit(question);
  }

  /** The same without a promise when everything is known in memory; undefined: ask with `admit`. Not in the metrics. */
  admitNow(question: AdmitQuestion): Decision | undefined {
    return this.admissions.admitNow(question);
  }

  /** An answer that was found beside the engine, by a level in a tenant's own database: in its metrics and its log. */
  decided(question: Question, decision: Decision, seconds: number): void {
    this.admissions.decided(question, decision, seconds);
  }

  /** The counters that usage of the meter at an instant stands in: what `counters.ensure` and `counters.add` are given. */
  keysOf(license: LicenseClaims, meter: string, at: Date): LimitKey[] {
    return [...this.keys.of(license, meter, at).values()];
  }

  /** A license came: what this process holds under other caps than its goes back at once. */
  licenseChanged(license: LicenseClaims, now: Date): void {
    const limits = Object.values(license.modules).flatMap((module) => module.limits);
    for (const meter of new Set(limits.map((limit) => limit.meter))) {
      for (const key of this.keysOf(license, meter, now)) {
        this.slices.capChanged(key, this.keys.capsOf(license, meter, key.window) ?? '');
      }
    }
  }

  /** What a ticket waits for by the license that its deployment has now: `CapOf`, for whoever knows the licenses. */
  ticketLimits(
    license: LicenseClaims | null,
    { deploymentId, action, meter }: Parameters<CapOf>[0],
    at: Date,
  ): ReturnType<CapOf> {
    if (license === null) return null;
    const { homeId, licenseNow } = this.options;
    const { isAllowed, code } = decide({ license, deploymentId, homeId, action, now: licenseNow?.() ?? at });
    if (!isAllowed) return code === 'LICENSE.MODULE_NOT_LICENSED' ? 'not_licensed' : null;
    const aggregation = Object.hasOwn(license.meters, meter) ? license.meters[meter]?.aggregation : undefined;
    const holds = this.decisions.holdsOf({ license, meter }, limitsOf(license, action, meter), at);
    return { aggregation: aggregation ?? 'sum', holds };
  }

  /** Tells, once a window each, which shares of caps were passed: after usage of the meter was counted, in its transaction. */
  passed(tx: Tx, license: LicenseClaims, meter: string, now: Date): Promise<LimitPassed[]> {
    return this.watch.passed(tx, license, meter, now);
  }

  /** What is to be stored next; the same again until it is. Take it together with the calls that `counted` told of. */
  drain(): DrainedUse {
    if (this.inFlight === null) {
      this.sequence += 1;
      this.inFlight = { sequence: this.sequence, slices: this.slices.drain(), counts: this.pending.take() };
    }
    return this.inFlight;
  }

  /** In the transaction that stores the usage itself. Said twice, it counts once. */
  async settle(tx: Tx, drained: DrainedUse): Promise<void> {
    const { sequence, slices, counts } = drained;
    const flush = { processId: this.processId, purpose: PURPOSE, sequence, now: this.options.clock.now() };
    await this.slices.settle(
      tx,
      slices,
      counts.map(({ key }) => key),
    );
    if (counts.length > 0 && (await takeFlush(tx, flush))) await this.counters.add(tx, counts);
    UnitOfWork.afterCommit(tx, () => this.stored(drained));
  }

  /** Stores what was admitted and decided, where no usage is stored beside it. One at a time. */
  flush(): Promise<void> {
    const mine = this.flushing.then(async () => {
      const drained = this.drain();
      if (drained.counts.length + drained.slices.length === 0) this.stored(drained);
      else await this.options.unitOfWork.run((tx) => this.settle(tx, drained));
      await this.flushLog();
    });
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  /** Stores what was decided, and the answers that could not wait to be stored. */
  async flushLog(): Promise<void> {
    await this.keyed.store();
    await this.log.flush();
  }

  private stored(drained: DrainedUse): void {
    if (this.inFlight?.sequence !== drained.sequence) return;
    this.inFlight = null;
    this.pending.stored();
    this.cache.stored(drained.counts);
  }
}
