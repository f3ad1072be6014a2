import { Inject, Injectable } from '@nestjs/common';
import { calendarMonth, type Period } from '@biplane/billing-calendar';
import type { Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { RegionsService } from '../regions/index.js';
import type { CompletenessDto, HomeCompletenessDto, RegionCompletenessDto } from './completeness.dto.js';
import { hourState, type HomeHour, type HourState } from './domain/completeness.js';
import { keyOf, UsageService } from './usage.service.js';

const shownMax = 100;

/** An hour that some home must close, where that is, and how it stands. */
export interface StandingHour extends HomeHour {
  readonly region: string;
  readonly state: HourState;
}

/** Tells those who watch the homes what a bill waits for. */
@Injectable()
export class CompletenessService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deployments: DeploymentsService,
    private readonly regions: RegionsService,
    private readonly usage: UsageService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Of one tenant's homes in a month of its zone, or of every home in the UTC month. */
  async report(month: string, timeZone: string, tenantId?: string): Promise<CompletenessDto> {
    const hours = await this.hours(this.unitOfWork.reader, calendarMonth(month, timeZone), tenantId);
    const waiting = hours.filter(({ state }) => state !== 'complete');
    return {
      complete: waiting.length === 0,
      hoursExpected: hours.length,
      hoursComplete: hours.length - waiting.length,
      regions: grouped(hours, ({ region }) => region).map(regionOf),
      homes: grouped(hours, ({ homeId }) => homeId).map(homeOf),
      missing: waiting.slice(0, shownMax).map(({ homeId, region, hour, state }) => {
        return { homeId, region, hour: hour.toISOString(), state };
      }),
    };
  }

  /** Every hour that a home which served in the period must close. */
  async hours(tx: Tx, period: Period, tenantId?: string): Promise<StandingHour[]> {
    const deployments = tenantId === undefined ? [] : await this.deployments.ofTenant(tx, tenantId);
    const placements =
      tenantId === undefined
        ? await this.deployments.placementsDuring(tx, period)
        : deployments.flatMap((deployment) => deployment.placements);
    const ids = deployments.map(({ id }) => id);
    const { expected, closes, refused } = await this.usage.completeness(tx, placements, period, ids);
    const closed = new Map(closes.map((close) => [keyOf(close), close.complete]));
    const blocked = new Set(refused.map(keyOf));
    const regions = await this.regionsOf(tx, expected);
    const now = this.clock.now();
    return expected.map(({ homeId, hour }) => {
      const key = keyOf({ homeId, hour });
      const known = { closed: closed.has(key), complete: closed.get(key) === true, refused: blocked.has(key) };
      return { homeId, hour, region: regions.get(homeId) ?? '', state: hourState(hour, known, now) };
    });
  }

  private async regionsOf(tx: Tx, hours: readonly HomeHour[]): Promise<Map<string, string>> {
    const regions = new Map<string, string>();
    for (const homeId of new Set(hours.map((hour) => hour.homeId))) {
      const home = await this.regions.home(tx, homeId);
      if (home !== null) regions.set(homeId, home.region);
    }
    return regions;
  }
}

function grouped(hours: readonly StandingHour[], by: (hour: StandingHour) => string): StandingHour[][] {
  const groups = new Map<string, StandingHour[]>();
  for (const hour of hours) {
    const group = groups.get(by(hour));
    if (group === undefined) groups.set(by(hour), [hour]);
    else group.push(hour);
  }
  return [...groups.values()];
}

function count(hours: readonly StandingHour[], state: HourState): number {
  return hours.filter((hour) => hour.state === state).length;
}

function homeOf(hours: StandingHour[]): HomeCompletenessDto {
  const [open, missing] = [count(hours, 'open'), count(hours, 'missing')];
  return {
    region: hours[0]!.region,
    homeId: hours[0]!.homeId,
    hoursExpected: hours.length,
    hoursClosed: hours.length - open - missing,
    hoursComplete: count(hours, 'complete'),
    hoursOpen: open,
    hoursMissing: missing,
    hoursMismatched: count(hours, 'mismatched'),
    hoursBlocked: count(hours, 'blocked'),
  };
}

function regionOf(hours: StandingHour[]): RegionCompletenessDto {
  const complete = count(hours, 'complete');
  return {
    region: hours[0]!.region,
    complete: complete === hours.length,
    homes: new Set(hours.map(({ homeId }) => homeId)).size,
    hoursExpected: hours.length,
    hoursComplete: complete,
  };
}
