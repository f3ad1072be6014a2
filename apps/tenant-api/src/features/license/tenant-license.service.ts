import { Inject, Injectable } from '@nestjs/common';
import type { AdmitQuestion, CheckedDecision } from '@biplane/limits';
import type { Decision, LicenseClaims } from '@biplane/licensing';
import { LicenseKeeper, type LicenseListener } from './license-keeper.service.js';
import {
  DECIDER,
  DECISION_LISTENER,
  type AccessDecider,
  type DecisionListener,
  type DeploymentRef,
} from './license.ports.js';

import { refuseDraining } from './placement.js';

export interface AccessQuestion {
  readonly meter?: string | undefined;
  /** Decimal string, not negative; "1" when absent. */
  readonly quantity?: string | undefined;
  /** Holds the quantity until it is confirmed, released or expires. */
  readonly reserve?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Who asks: an idempotency key is its own. */
  readonly principal?: string | undefined;
}

const THIS_SERVICE = 'tenant-api';

/** What the licenses of this home allow. Everything is answered from memory unless a limit must be counted. */
@Injectable()
export class TenantLicenseService {
  constructor(
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
    @Inject(DECIDER) private readonly decider: AccessDecider,
    @Inject(DECISION_LISTENER) private readonly listener: DecisionListener,
  ) {}

  /**
   * The one question: may this deployment do this now? It uses nothing by itself. Refuses (RefusalError) METER.WRONG_PLANE,
   * IDEMPOTENCY.KEY_REUSED and IDEMPOTENCY.IN_FLIGHT; else it answers.
   */
  async checkModuleAccess(
    handle: DeploymentRef,
    action: string,
    question: AccessQuestion = {},
  ): Promise<CheckedDecision> {
    const { deploymentId } = handle;
    const license = this.licenseOf(deploymentId) ?? null;
    const { principal = THIS_SERVICE, ...asked } = question;
    // What it would keep would be missing where the deployment goes.
    if (asked.reserve === true || asked.idempotencyKey !== undefined) refuseDraining(license ?? undefined);
    let isRepeat = false;
    const repeated = (): void => void (isRepeat = true);
    const decision = await this.decider.check({ license, deploymentId, action, principal, ...asked, repeated });
    // What was answered before was told then.
    if (!isRepeat) this.tell(license, action, asked.meter, decision);
    return decision;
  }

  /**
   * The question of a request at the door: what is admitted is used. `counted` is called in the turn in which it is. Without a promise
   * when the answer is known in memory, as it always is without a meter.
   */
  admit(
    handle: DeploymentRef,
    action: string,
    meter: string | undefined,
    counted: (license: LicenseClaims, at: Date) => void,
  ): Decision | Promise<Decision> {
    const { deploymentId } = handle;
    const license = this.licenseOf(deploymentId) ?? null;
    const principal = THIS_SERVICE;
    const question = {
      license,
      deploymentId,
      action,
      meter,
      principal,
      counted: (at: Date) => license && counted(license, at),
    };
    const now = this.decider.admitNow(question);
    if (!now) return this.admitLater(question);
    this.tell(license, action, meter, now);
    return now;
  }

  private async admitLater(question: AdmitQuestion): Promise<Decision> {
    const decision = await this.decider.admit(question);
    this.tell(question.license, question.action, question.meter, decision);
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

  /** Placed here or not: a region's pool knows those of the homes that it enrolls. */
  allLicenses(): LicenseClaims[] {
    return this.keeper.all().map(({ claims }) => claims);
  }

  /** False while a deployment that is unknown here may be known in a moment. */
  holdsAll(): boolean {
    return this.keeper.holdsAll;
  }

  /** What is only in memory is stored: for whoever does what a start must not take for undone. */
  store(): Promise<void> {
    return this.keeper.save();
  }

  /** By which licenses are judged. */
  now(): Date {
    return this.keeper.now();
  }

  onChange(listener: LicenseListener): void {
    this.keeper.onChange(listener);
  }

  private tell(license: LicenseClaims | null, action: string, meter: string | undefined, decision: Decision): void {
    if (license !== null && meter !== undefined) this.listener.decided(license, action, meter, decision);
  }
}
