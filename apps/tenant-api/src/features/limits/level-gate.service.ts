import { Inject, Injectable } from '@nestjs/common';
import { decimalToString, orThrow, parseDecimal, RefusalError, subtractDecimal, type Clock } from '@biplane/kernel';
import { refusalOf } from '@biplane/license-gate/nest';
import { LevelLimits, limitKey, Throttles, type Decider } from '@biplane/limits';
import { decideLimits, isBeyondCap, limitsOf, type Decision, type LicensedLimit } from '@biplane/licensing';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import {
  DECIDER,
  DECISION_LISTENER,
  LicenseKeeper,
  type DecisionListener,
  type DeploymentRef,
} from '../license/index.js';
import { LevelReports } from './level-reports.service.js';
import { LevelSources, type CountRows } from './level-sources.js';
import type { KeptLicenses } from './limits.ports.js';

const THIS_SERVICE = 'tenant-api';
const DIGITS_MAX = 60;

export interface LevelUse {
  readonly meter: string;
  /** Decimal string, not negative; "1" when absent. */
  readonly quantity?: string | undefined;
}

/** Whose cap no record may pass; the others are counted, and their strategy decides. */
const EXACT: ReadonlySet<LicensedLimit['strategy']> = new Set(['hard_block', 'queue']);

/**
 * Levels of a tenant's database, decided in the transaction of the record: one conditional UPDATE beside the row that it counts, so
 * both are committed or neither.
 */
@Injectable()
export class LevelGate {
  private readonly levels: LevelLimits;
  private readonly throttles = new Throttles();

  constructor(
    @Inject(LicenseKeeper) private readonly licenses: KeptLicenses,
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(DECISION_LISTENER) private readonly listener: DecisionListener,
    @Inject(LevelReports) private readonly reports: LevelReports,
    @Inject(LevelSources) private readonly sources: LevelSources,
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.levels = new LevelLimits(sources);
  }

  /** Who counts the rows that are there before the first limit is asked for; without anyone a level begins at nothing. */
  countedBy(meter: string, count: CountRows): void {
    this.sources.register(meter, count);
  }

  /**
   * Before the record is written, in its transaction. Refuses (RefusalError) as the gate does: LICENSE.*, 429 LIMIT.*; the answer of
   * an admission may carry warnings.
   */
  async take(tx: Tx, handle: DeploymentRef, action: string, use: LevelUse): Promise<Decision> {
    const startedAt = performance.now();
    const { meter } = use;
    const decision = await this.decide(tx, handle, action, use);
    const tell = (): void => this.tell(handle, action, use, decision, (performance.now() - startedAt) / 1000);
    if (!decision.isAllowed) {
      tell();
      throw this.refusal(handle, action, decision);
    }
    UnitOfWork.afterCommit(tx, () => {
      tell();
      this.reports.changed(handle.deploymentId, meter);
    });
    return decision;
  }

  /** Refuses as `take` would, and tells nobody: for a rehearsal, whose transaction is rolled back. */
  async rehearse(tx: Tx, handle: DeploymentRef, action: string, use: LevelUse): Promise<void> {
    const decision = await this.decide(tx, handle, action, use);
    if (!decision.isAllowed) throw this.refusal(handle, action, decision);
  }

  /** With the record that goes, in its transaction, whatever the license says; a level never falls below nothing. */
  async release(tx: Tx, handle: DeploymentRef, { meter, quantity = '1' }: LevelUse): Promise<void> {
    await this.reports.expect(handle.deploymentId, meter);
    await this.levels.release(tx, meter, quantity);
    UnitOfWork.afterCommit(tx, () => this.reports.changed(handle.deploymentId, meter));
  }

  /** The present level, from the rows as long as nobody took one. */
  read(tx: Tx, meter: string): Promise<string> {
    return this.levels.read(tx, meter);
  }

  private refusal({ deploymentId }: DeploymentRef, action: string, decision: Decision): RefusalError {
    const newAddress = this.licenses.get(deploymentId)?.claims.placement.url;
    return new RefusalError(refusalOf(decision, { action, now: this.clock.now(), newAddress }));
  }

  private async decide(
    tx: Tx,
    { deploymentId }: DeploymentRef,
    action: string,
    { meter, quantity = '1' }: LevelUse,
  ): Promise<Decision> {
    const byLicense = this.licenses.decide(deploymentId, action);
    const license = this.licenses.get(deploymentId)?.claims;
    if (!byLicense.isAllowed || license === undefined) return byLicense;
    const limit = limitsOf(license, action, meter).find(({ window }) => window === null);
    const cap = limit !== undefined && EXACT.has(limit.strategy) ? limit.cap : null;
    await this.reports.expect(deploymentId, meter);
    const taken = await this.levels.take(tx, { meter, quantity, cap });
    if (limit === undefined) return byLicense;
    const now = this.clock.now();
    const before = taken.admitted ? difference(taken.used, quantity) : taken.used;
    // A record that went meanwhile makes no room for one that was refused already.
    const used = !taken.admitted && !isBeyondCap(limit, before, quantity) ? limit.cap : before;
    const rate =
      limit.strategy === 'throttle' && limit.rate && isBeyondCap(limit, used, quantity)
        ? await this.throttles.admit(this.home.reader, limitKey(license, limit, now), limit.rate, quantity, now)
        : undefined;
    const reading = { meter, window: null, used, asOf: now, windowEndsAt: null, rate };
    return decideLimits(byLicense, license, { action, meter, quantity, readings: [reading] });
  }

  private tell(
    { deploymentId }: DeploymentRef,
    action: string,
    { meter, quantity }: LevelUse,
    decision: Decision,
    seconds: number,
  ): void {
    const license = this.licenses.get(deploymentId)?.claims ?? null;
    this.decider.decided(
      { license, deploymentId, action, meter, quantity, principal: THIS_SERVICE },
      decision,
      seconds,
    );
    if (license !== null) this.listener.decided(license, action, meter, decision);
  }
}

function difference(total: string, quantity: string): string {
  const [a, b] = [total, quantity].map((text) => orThrow(parseDecimal(text, { maxDigits: DIGITS_MAX })));
  return a && b ? decimalToString(subtractDecimal(a, b)) : total;
}
