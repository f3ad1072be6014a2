import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import {
  decide,
  limitPeriod,
  limitsOf,
  type CounterReading,
  type Decision,
  type LicenseClaims,
  type LicensedLimit,
} from '@biplane/licensing';
import { CLOCK } from '@biplane/service-kit';
import { countedHere } from './domain/limits-to-read.js';
import { LicenseKeeper, type LicenseListener } from './license-keeper.service.js';
import { LicenseMetrics } from './license.metrics.js';
import { HOME, USAGE_READER, type DeploymentRef, type HomeIdentity, type UsageReader } from './license.ports.js';

export interface AccessQuestion {
  readonly meter?: string | undefined;
  /** Decimal string, not negative; "1" when absent. */
  readonly quantity?: string | undefined;
}

/** A count that does not come in this time is no count: a hard limit then denies. */
const COUNTER_MS_MAX = 250;

/** What the licenses of this home allow. Everything is answered from memory unless a limit must be counted. */
@Injectable()
export class TenantLicenseService {
  private readonly logger = new Logger('Gate');

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(USAGE_READER) private readonly usage: UsageReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LicenseMetrics) private readonly metrics: LicenseMetrics,
  ) {}

  /** The one question of every request: may this deployment do this now? Never throws for a well-formed question. */
  async checkModuleAccess(handle: DeploymentRef, action: string, question: AccessQuestion = {}): Promise<Decision> {
    const license = this.licenseOf(handle.deploymentId);
    const now = this.keeper.now();
    const limits = license ? limitsOf(license, action, question.meter) : [];
    const readings = license && limits.length > 0 ? await this.read(license, limits, this.clock.now()) : [];
    const { meter, quantity } = question;
    const { deploymentId } = handle;
    const decision = decide({
      license,
      deploymentId,
      homeId: this.home.homeId,
      action,
      meter,
      quantity,
      now,
      readings,
    });
    this.metrics.decided(decision.outcome, decision.isAllowed, decision.code);
    return decision;
  }

  /** The newest verified license, whatever its state and wherever it places the deployment. */
  licenseOf(deploymentId: string): LicenseClaims | undefined {
    return this.keeper.get(deploymentId)?.claims;
  }

  /** The same, only when this home serves the deployment. */
  ownLicenseOf(deploymentId: string): LicenseClaims | undefined {
    const held = this.keeper.get(deploymentId);
    return held && this.keeper.isOwn(held) ? held.claims : undefined;
  }

  ownLicenses(): LicenseClaims[] {
    return this.keeper.own().map(({ claims }) => claims);
  }

  onChange(listener: LicenseListener): void {
    this.keeper.onChange(listener);
  }

  private async read(license: LicenseClaims, limits: readonly LicensedLimit[], now: Date): Promise<CounterReading[]> {
    const readings = await Promise.all(countedHere(limits).map((limit) => this.readOne(license, limit, now)));
    return readings.filter((reading) => reading !== undefined);
  }

  private async readOne(license: LicenseClaims, limit: LicensedLimit, now: Date): Promise<CounterReading | undefined> {
    const { meter, aggregation, window } = limit;
    const { timeZone } = license.calendar;
    const deploymentId = license.deployment.id;
    try {
      const asking = this.usage.used(deploymentId, meter, aggregation, window, now, timeZone);
      const used = await withDeadline(asking, COUNTER_MS_MAX);
      return { meter, window, used, asOf: now, windowEndsAt: limitPeriod(window, now, timeZone)?.to ?? null };
    } catch (error) {
      this.logger.warn({ err: error, deploymentId, meter }, 'a count did not come');
      return undefined;
    }
  }
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
