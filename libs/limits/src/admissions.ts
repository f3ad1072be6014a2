import {
  decide,
  decideLimits,
  isBeyondCap,
  limitsOf,
  type CounterReading,
  type Decision,
  type LicenseClaims,
  type LicensedLimit,
} from '@biplane/licensing';
import type { CountCache } from './count-cache.js';
import { answerWithin, type Deadline } from './deadline.js';
import { enforcementOf, type Enforcement } from './domain/enforcement.js';
import type { LimitKey } from './domain/limit-key.js';
import type { PendingCounts } from './domain/pending-counts.js';
import type { SliceClaim } from './domain/slice-ledger.js';
import { quantityOf, unitsOf } from './domain/units.js';
import type { EngineParts } from './engine-parts.js';
import type { AdmitQuestion, Question } from './questions.js';

const ANSWER_MS = 250;

interface Asked {
  readonly question: AdmitQuestion;
  readonly license: LicenseClaims;
  readonly meter: string;
  readonly quantity: string;
  readonly byLicense: Decision;
  readonly limits: readonly LimitToAsk[];
  readonly now: Date;
}

interface LimitToAsk {
  readonly limit: LicensedLimit;
  readonly key: LimitKey;
  readonly enforcement: Enforcement;
}

type Readings = ReadonlyMap<LimitToAsk, CounterReading | undefined>;

/**
 * Answers at the door, each of which uses what it admits: from memory, when slices and counts are there. Exact limits are
 * taken from last, so that nothing is taken for a request that another limit refuses.
 */
export class Admissions {
  constructor(private readonly parts: EngineParts & { readonly cache: CountCache; readonly pending: PendingCounts }) {}

  /** Without a promise when everything is known here; undefined: ask with `admit`. */
  admitNow(question: AdmitQuestion): Decision | undefined {
    const startedAt = performance.now();
    const decision = this.fromMemory(question);
    if (decision) this.parts.options.metrics?.decided(decision, (performance.now() - startedAt) / 1000);
    return decision;
  }

  /** What another one has decided, told as the own. */
  decided(question: Question, decision: Decision, seconds: number): void {
    this.told(question, decision);
    this.parts.options.metrics?.decided(decision, seconds);
  }

  private fromMemory(question: AdmitQuestion): Decision | undefined {
    const asked = this.asked(question);
    if ('outcome' in asked) return this.told(question, asked);
    const readings = new Map<LimitToAsk, CounterReading | undefined>();
    for (const each of asked.limits) {
      const reading = this.readNow(asked, each);
      if (reading === undefined) return undefined;
      readings.set(each, reading);
    }
    const provisional = this.decideBy(asked, readings);
    if (!provisional.isAllowed) return this.told(question, provisional);
    const claims = this.claimsOf(asked);
    if (claims.length > 0) {
      const taken = this.parts.slices.tryTakeAll(claims, asked.quantity);
      if (taken === undefined) return undefined;
      if (taken === 'full') return this.told(question, this.decideBy(asked, this.filled(asked, readings)));
    }
    return this.admitted(asked, provisional);
  }

  async admit(question: AdmitQuestion): Promise<Decision> {
    const { options } = this.parts;
    const startedAt = performance.now();
    const now = this.fromMemory(question);
    const asked = now === undefined ? this.asked(question) : undefined;
    const decision =
      now ??
      (asked === undefined || 'outcome' in asked
        ? asked
        : await answerWithin(
            options.answerMs ?? ANSWER_MS,
            (deadline) => this.ask(asked, deadline),
            (error) => options.onError?.(error),
          )) ??
      this.withoutCounts(question);
    options.metrics?.decided(decision, (performance.now() - startedAt) / 1000);
    return decision;
  }

  private asked(question: AdmitQuestion): Asked | Decision {
    const { options, keys } = this.parts;
    const { license, deploymentId, action, meter, quantity = '1' } = question;
    const now = options.clock.now();
    const byLicense = options.byLicense?.(deploymentId, action) ?? this.byLicense(question, now);
    if (!byLicense.isAllowed || license === null || meter === undefined) return byLicense;
    const held = keys.of(license, meter, now);
    const limits = limitsOf(license, action, meter).flatMap((limit) => {
      const key = held.get(limit.window);
      return key === undefined ? [] : [{ limit, key, enforcement: enforcementOf(limit, options.plane) }];
    });
    return { question, license, meter, quantity, byLicense, limits, now };
  }

  private byLicense({ license, deploymentId, action }: AdmitQuestion, now: Date): Decision {
    const { homeId, licenseNow } = this.parts.options;
    return decide({ license, deploymentId, homeId, action, now: licenseNow?.() ?? now });
  }

  /** A reading that needs no statement; of a sliced limit as if there were room, its slice says whether there is. */
  private readNow(asked: Asked, each: LimitToAsk): CounterReading | undefined {
    const { enforcement, limit, key } = each;
    if (enforcement === 'free') return readingOf(each, '0', asked.now);
    if (enforcement !== 'sliced' && enforcement !== 'counted') return undefined;
    const known = this.parts.cache.peek(key);
    if (known === undefined) return undefined;
    if (enforcement === 'sliced') return readingOf(each, withRoom(limit, known.spent, asked.quantity), known.asOf);
    const needsRate = limit.strategy === 'throttle' && isBeyondCap(limit, known.spent, asked.quantity);
    return needsRate ? undefined : readingOf(each, known.spent, known.asOf);
  }

  private async ask(asked: Asked, deadline: Deadline): Promise<Decision> {
    const readings = new Map<LimitToAsk, CounterReading | undefined>();
    for (const each of asked.limits) readings.set(each, await this.read(asked, each));
    const provisional = this.decideBy(asked, readings);
    if (!provisional.isAllowed || deadline.isOver()) return this.told(asked.question, provisional);
    const refused = (await this.takeLevels(asked, readings)) ?? (await this.takeSlices(asked, readings, deadline));
    return refused === undefined ? this.admitted(asked, provisional) : this.told(asked.question, refused);
  }

  private async read(asked: Asked, each: LimitToAsk): Promise<CounterReading | undefined> {
    const { parts } = this;
    const { reader } = parts.options.unitOfWork;
    const { enforcement, limit, key } = each;
    const { quantity, now } = asked;
    if (enforcement === 'free') return readingOf(each, '0', now);
    if (enforcement === 'elsewhere') {
      const known = await parts.options.otherPlane?.(reader, key);
      return known ? { ...readingOf(each, known.used, known.asOf), stale: true } : undefined;
    }
    if (enforcement === 'read' || enforcement === 'taken') {
      const [state] = await parts.counters.read(reader, [key]);
      return state && readingOf(each, state.spent, now);
    }
    const { spent, asOf } = await parts.cache.get(key);
    if (enforcement === 'sliced') return readingOf(each, withRoom(limit, spent, quantity), asOf);
    if (limit.strategy !== 'throttle' || !isBeyondCap(limit, spent, quantity)) return readingOf(each, spent, asOf);
    const rate = limit.rate && (await parts.throttles.admit(reader, key, limit.rate, quantity, now));
    return { ...readingOf(each, spent, asOf), rate };
  }

  /** One conditional UPDATE each. A later one that has no room gives back what was taken before. */
  private async takeLevels(asked: Asked, readings: Readings): Promise<Decision | undefined> {
    const taken = asked.limits.filter(({ enforcement }) => enforcement === 'taken');
    for (const [index, each] of taken.entries()) {
      const { counters, options } = this.parts;
      const { key, limit } = each;
      if (await options.unitOfWork.run((tx) => counters.take(tx, key, limit.cap, asked.quantity, asked.now))) continue;
      this.giveBack(asked, taken.slice(0, index));
      return this.decideBy(asked, new Map([...readings, [each, readingOf(each, limit.cap, asked.now)]]));
    }
    return undefined;
  }

  private async takeSlices(asked: Asked, readings: Readings, deadline: Deadline): Promise<Decision | undefined> {
    const claims = this.claimsOf(asked);
    const levels = asked.limits.filter(({ enforcement }) => enforcement === 'taken');
    const isQueued = asked.limits.some(({ limit }) => limit.strategy === 'queue');
    try {
      const taken =
        claims.length === 0
          ? deadline.isOver()
            ? 'abandoned'
            : 'taken'
          : await this.parts.slices.takeAll(claims, asked.quantity, { isQueued, isAbandoned: deadline.isOver });
      if (taken === 'taken') return undefined;
      this.giveBack(asked, levels);
      return this.decideBy(asked, taken === 'full' ? this.filled(asked, readings) : new Map());
    } catch (error) {
      this.giveBack(asked, levels);
      throw error;
    }
  }

  private claimsOf({ license, meter, limits }: Asked): SliceClaim[] {
    return limits.flatMap(({ enforcement, key, limit }) =>
      enforcement === 'sliced'
        ? [{ key, cap: limit.cap, caps: this.parts.keys.capsOf(license, meter, key.window) }]
        : [],
    );
  }

  private giveBack({ quantity, now }: Asked, limits: readonly LimitToAsk[]): void {
    for (const { key } of limits) this.parts.pending.note(key, -unitsOf(quantity), now);
  }

  /** As a counter says that is full for the request. */
  private filled(asked: Asked, readings: Readings): Readings {
    const entries = [...readings].map(([each, reading]) => {
      if (each.enforcement !== 'sliced' || reading === undefined) return [each, reading] as const;
      const known = this.parts.cache.peek(each.key)?.spent ?? each.limit.cap;
      const used = isBeyondCap(each.limit, known, asked.quantity) ? known : each.limit.cap;
      return [each, { ...reading, used }] as const;
    });
    return new Map(entries);
  }

  private decideBy({ byLicense, license, question, meter, quantity }: Asked, readings: Readings): Decision {
    const { deploymentId, action } = question;
    const [only] = readings.values();
    if (readings.size === 1 && only !== undefined) {
      const within = this.parts.options.withinLimit?.({ deploymentId, action, meter, quantity }, only);
      if (within !== undefined) return within;
    }
    const known = [...readings.values()].flatMap((reading) => reading ?? []);
    return decideLimits(byLicense, license, { ...question, quantity, readings: known });
  }

  /** Counted wherever no slice and no counter has it already, and told in the same turn. */
  private admitted(asked: Asked, decision: Decision): Decision {
    const { question, license, meter, quantity, limits, now } = asked;
    const units = unitsOf(quantity);
    for (const key of this.parts.keys.of(license, meter, now).values()) {
      if (key.aggregation !== 'sum' || license.meters[meter]?.authority !== this.parts.options.plane) continue;
      const own = limits.find(({ limit }) => limit.window === key.window);
      if (own?.enforcement !== 'sliced' && own?.enforcement !== 'taken') this.parts.pending.note(key, units, now);
    }
    question.counted?.(now);
    return this.told(question, decision);
  }

  private told(question: Question, decision: Decision): Decision {
    const { log, options } = this.parts;
    const { deploymentId, action, meter, principal, quantity = '1' } = question;
    const decidedAt = options.clock.now();
    if (decision.isAllowed) log.countAllowed(deploymentId, action, meter, decidedAt);
    else {
      const { outcome, code } = decision;
      const decisionId = options.ids.uuid();
      const asked = {
        deploymentId,
        principal,
        action,
        meter: meter ?? null,
        quantity: meter === undefined ? null : quantity,
      };
      const answer = JSON.stringify({ ...decision, decisionId });
      log.recordLater({ decisionId, ...asked, outcome, code, answer, decidedAt, idempotency: null });
    }
    return decision;
  }

  private withoutCounts(question: AdmitQuestion): Decision {
    const asked = this.asked(question);
    if ('outcome' in asked) return this.told(question, asked);
    const decision = this.decideBy(asked, new Map());
    // Whom no count refuses is counted later: usage is never lost for want of an answer.
    return decision.isAllowed ? this.admitted(asked, decision) : this.told(question, decision);
  }
}

function readingOf({ limit, key }: LimitToAsk, used: string, asOf: Date): CounterReading {
  return { meter: limit.meter, window: limit.window, used, asOf, windowEndsAt: key.period?.to ?? null };
}

/** What open slices hold counts against the cap, so a count may say that there is no room while a slice has some. */
function withRoom(limit: LicensedLimit, spent: string, quantity: string): string {
  if (!isBeyondCap(limit, spent, quantity)) return spent;
  const room = unitsOf(limit.cap) - unitsOf(quantity);
  return room > 0n ? quantityOf(room) : '0';
}
