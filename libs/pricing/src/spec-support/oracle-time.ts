import type { OpenPeriod, Period } from '@biplane/billing-calendar';
import type { DeploymentRequest } from '../request.js';
import { over, type Fraction } from './fraction.js';

const HOUR_MS = 3_600_000;

/** One hour of the period: the local day it lies in, and the plan that is in force throughout. */
interface Hour {
  readonly startMs: number;
  readonly day: number;
  readonly plan: number;
  /** The plan of the last hour of its day. */
  readonly dayPlan: number;
}

/**
 * Time as the oracle sees it: hour by hour, in zones whose days are all of 24 hours, for requests whose every instant is on
 * the hour. Slow, and easily believed.
 */
export class OracleTime {
  private readonly hourCount: number;
  private readonly dayCount: number;
  /** In which the deployment is active and not suspended. */
  private readonly chargeable: readonly Hour[];

  constructor(
    private readonly period: Period,
    offsetHours: number,
    private readonly deployment: DeploymentRequest,
  ) {
    this.hourCount = (period.to.getTime() - period.from.getTime()) / HOUR_MS;
    const bare = Array.from({ length: this.hourCount }, (_, index) => {
      const startMs = period.from.getTime() + index * HOUR_MS;
      const day = Math.floor((startMs + offsetHours * HOUR_MS) / (24 * HOUR_MS));
      return { startMs, day, plan: this.planAt(startMs) };
    });
    const planOfDay = new Map(bare.map(({ day, plan }) => [day, plan]));
    this.dayCount = planOfDay.size;
    this.chargeable = bare
      .filter((hour) => this.isIn(hour, deployment.active) && !this.isIn(hour, deployment.suspended ?? []))
      .map((hour) => ({ ...hour, dayPlan: planOfDay.get(hour.day)! }));
  }

  /** The plan in force: an index into the previous plans, or their number for the last. */
  planAt(instantMs: number): number {
    const previous = this.deployment.previousPlans ?? [];
    const index = previous.findIndex(({ until }) => instantMs < until.getTime());
    return index < 0 ? previous.length : index;
  }

  get firstChargeableMs(): number | undefined {
    return this.chargeable[0]?.startMs;
  }

  /** The share of the period that a plan has (or, without one, the deployment), while `during` holds. */
  share(by: string, plan?: number, during?: readonly OpenPeriod[]): Fraction {
    const charged = this.chargeable.filter((hour) => !during || this.isIn(hour, during));
    if (by === 'second') {
      return over(charged.filter((hour) => plan === undefined || hour.plan === plan).length, this.hourCount);
    }
    return over(this.daysOf(charged, plan), this.dayCount);
  }

  /** The local days of a plan on which a module was enabled while the deployment was charged for. */
  days(plan: number, enabled: readonly OpenPeriod[]): number {
    return this.daysOf(
      this.chargeable.filter((hour) => this.isIn(hour, enabled)),
      plan,
    );
  }

  private daysOf(hours: readonly Hour[], plan?: number): number {
    return new Set(hours.filter(({ dayPlan }) => plan === undefined || dayPlan === plan).map(({ day }) => day)).size;
  }

  private isIn({ startMs }: { readonly startMs: number }, stretches: readonly OpenPeriod[]): boolean {
    const end = this.period.to.getTime();
    return stretches.some(({ from, to }) => from.getTime() <= startMs && startMs < (to?.getTime() ?? end));
  }
}
