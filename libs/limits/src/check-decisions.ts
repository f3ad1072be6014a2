import { RefusalError } from '@biplane/kernel';
import {
  decide,
  decideLimits,
  isBeyondCap,
  limitPeriod,
  limitsOf,
  type CounterReading,
  type Decision,
  type LicenseClaims,
  type LicensedLimit,
} from '@biplane/licensing';
import { MeterErrors } from '@biplane/metering';
import { invalid, type Tx } from '@biplane/service-kit';
import { isExact } from './domain/enforcement.js';
import { unitsOf } from './domain/units.js';
import type { EngineParts } from './engine-parts.js';
import type { CheckedDecision, CheckQuestion } from './questions.js';
import type { Hold } from './reservations.js';

const RESERVE_MS = 15 * 60_000;
/** A room that another request took between the count and the hold is looked for again this often. */
const ATTEMPTS_MAX = 3;

interface Asked extends CheckQuestion {
  readonly license: LicenseClaims;
  readonly meter: string;
  readonly quantity: string;
}

/** What a check is answered by the counters as they are now, with what it holds or waits for. */
export class CheckDecisions {
  constructor(private readonly parts: EngineParts) {}

  /** Refuses (RefusalError) what can never be reserved here. */
  refuseWrongReservation({ license, meter, quantity = '1' }: CheckQuestion): void {
    const authority = meter !== undefined && license && Object.hasOwn(license.meters, meter) && license.meters[meter];
    if (authority && authority.authority !== this.parts.options.plane) {
      const detail = `${meter} is counted by the ${authority.authority} plane, which alone can hold it`;
      throw new RefusalError(MeterErrors.WRONG_PLANE({ detail }));
    }
    if (unitsOf(quantity) <= 0n) {
      const detail = 'Nothing cannot be reserved';
      throw new RefusalError(invalid([{ pointer: '/quantity', code: 'POSITIVE', detail }]));
    }
  }

  /** In the transaction that keeps what it holds; a reader will do when it holds nothing. */
  async decide(
    tx: Tx,
    question: CheckQuestion,
    now: Date,
  ): Promise<Decision & Pick<CheckedDecision, 'reservationId' | 'expiresAt' | 'ticketId'>> {
    const byLicense = this.byLicense(question);
    const { license, meter, quantity = '1' } = question;
    if (!byLicense.isAllowed || license === null || meter === undefined) return byLicense;
    const asked: Asked = { ...question, license, meter, quantity };
    const limits = this.limitsOf(asked);
    const waiting = await this.waitingBefore(tx, asked, limits);
    for (let attempt = 1; ; attempt += 1) {
      const readings = waiting > 0 ? [] : await this.readings(tx, asked, limits, now);
      const decision =
        waiting > 0
          ? await this.behindOthers(tx, asked, limits, byLicense, now, waiting)
          : decideLimits(byLicense, license, { ...asked, readings });
      if (decision.code === 'LIMIT.QUEUED') return this.enqueued(tx, asked, limits, decision, now);
      if (!decision.isAllowed || question.reserve !== true) {
        return decision;
      }
      const reserved = await this.reserved(tx, asked, limits, now);
      if (reserved !== null) return { ...decision, ...reserved };
      if (attempt >= ATTEMPTS_MAX) throw new Error(`The room for ${quantity} ${meter} went ${attempt} times`);
    }
  }

  /** Whoever comes while others wait goes to the end of the line, whether there is room or not. */
  private async waitingBefore(tx: Tx, { license, meter }: Asked, limits: readonly LicensedLimit[]): Promise<number> {
    const isQueued = limits.some((limit) => limit.strategy === 'queue' && this.isOwn(limit));
    return isQueued ? this.parts.tickets.line(tx, license.deployment.id, meter) : 0;
  }

  private async behindOthers(
    tx: Tx,
    asked: Asked,
    limits: readonly LicensedLimit[],
    byLicense: Decision,
    now: Date,
    waiting: number,
  ): Promise<Decision> {
    const decision = decideLimits(byLicense, asked.license, {
      ...asked,
      readings: await this.readings(tx, asked, limits, now),
    });
    const queue = limits.find((limit) => limit.strategy === 'queue' && this.isOwn(limit));
    // Another limit of the meter denies: a place in the line would be of no use.
    if (queue === undefined || decision.outcome === 'deny') return decision;
    const retryAt = limitPeriod(queue.window, now, asked.license.calendar.timeZone)?.to.toISOString() ?? null;
    const reason = `${waiting} requests for ${asked.meter} wait already: the request is queued`;
    const { strategy: behavior, cap: limit } = queue;
    return { ...decision, outcome: 'delay', isAllowed: false, code: 'LIMIT.QUEUED', reason, behavior, limit, retryAt };
  }

  private async enqueued(
    tx: Tx,
    asked: Asked,
    limits: readonly LicensedLimit[],
    decision: Decision,
    now: Date,
  ): Promise<Decision & { readonly ticketId?: string }> {
    const { deploymentId, meter, action, quantity } = asked;
    const id = this.parts.options.ids.uuid();
    const holds = this.holdsOf(asked, limits, now);
    const ticket = await this.parts.tickets.enqueue(tx, { id, deploymentId, meter, action, quantity, holds }, now);
    if (ticket.ok) return { ...decision, ticketId: id };
    const { code, detail } = ticket.error;
    return { ...decision, outcome: 'deny', code, reason: detail, retryAt: null };
  }

  private async reserved(tx: Tx, asked: Asked, limits: readonly LicensedLimit[], now: Date) {
    const { options, reservations } = this.parts;
    const { deploymentId, meter, quantity, license } = asked;
    const named = Object.hasOwn(license.meters, meter) ? license.meters[meter] : undefined;
    // Its confirmation would be usage that nobody may submit.
    if (named === undefined) throw new RefusalError(MeterErrors.UNKNOWN({ detail: `The license names no ${meter}` }));
    const { aggregation } = named;
    const expiresAt = new Date(now.getTime() + (options.reserveMs ?? RESERVE_MS));
    const holds = this.holdsOf(asked, limits, now);
    const request = { deploymentId, meter, aggregation, quantity, holds, expiresAt } as const;
    const reservation = await reservations.reserve(tx, { id: options.ids.uuid(), ...request }, now);
    return reservation && { reservationId: reservation.id, expiresAt: expiresAt.toISOString() };
  }

  /** A use stands in every count of its meter; of those it may not pass, the limits of the asked module are the caps. */
  holdsOf({ license, meter }: Pick<Asked, 'license' | 'meter'>, limits: readonly LicensedLimit[], now: Date): Hold[] {
    return [...this.parts.keys.of(license, meter, now).values()].map((key) => ({
      key,
      cap: limits.find((limit) => limit.window === key.window && isExact(limit))?.cap ?? null,
    }));
  }

  private async readings(tx: Tx, asked: Asked, limits: readonly LicensedLimit[], now: Date): Promise<CounterReading[]> {
    const { license, meter, quantity } = asked;
    const keys = this.parts.keys.of(license, meter, now);
    const readings: CounterReading[] = [];
    for (const limit of limits) {
      const key = keys.get(limit.window);
      if (key === undefined || limit.strategy === 'allow') continue;
      const windowEndsAt = key.period?.to ?? null;
      if (!this.isOwn(limit)) {
        const known = await this.parts.options.otherPlane?.(tx, key);
        if (known) readings.push({ meter, window: limit.window, ...known, windowEndsAt, stale: true });
        continue;
      }
      const [state] = await this.parts.counters.read(tx, [key]);
      if (state === undefined) continue;
      const used = state.spent;
      const rate =
        limit.rate && limit.strategy === 'throttle' && isBeyondCap(limit, used, quantity)
          ? await this.parts.throttles.admit(tx, key, limit.rate, quantity, now)
          : undefined;
      readings.push({ meter, window: limit.window, used, asOf: now, windowEndsAt, rate });
    }
    return readings;
  }

  /** The table "when no answer can be had": each strategy says what it makes of a count that did not come. */
  withoutCounts(question: CheckQuestion): Decision {
    const byLicense = this.byLicense(question);
    const { license } = question;
    if (!byLicense.isAllowed || license === null) return byLicense;
    const decision = decideLimits(byLicense, license, { ...question, readings: [] });
    const code = this.parts.options.unavailableCode ?? 'LIMIT.UNAVAILABLE';
    if (decision.outcome === 'deny' && decision.code === 'LIMIT.UNAVAILABLE') return { ...decision, code };
    if (question.reserve !== true || !decision.isAllowed) return decision;
    const reason = 'Nothing could be reserved in time';
    return { ...decision, outcome: 'deny', isAllowed: false, code, reason, warnings: [] };
  }

  private byLicense({ license, deploymentId, action }: CheckQuestion): Decision {
    const { homeId, clock, licenseNow } = this.parts.options;
    return decide({ license, deploymentId, homeId, action, now: licenseNow?.() ?? clock.now() });
  }

  limitsOf({ license, action, meter }: CheckQuestion): readonly LicensedLimit[] {
    return license ? limitsOf(license, action, meter) : [];
  }

  private isOwn({ authority }: LicensedLimit): boolean {
    return authority === this.parts.options.plane;
  }
}
