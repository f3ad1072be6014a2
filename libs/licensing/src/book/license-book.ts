import type { Failure } from '@biplane/kernel';
import type { LicenseClaims } from '../claims/claims.js';
import type { CounterReading, Decision } from '../decision/decision.js';
import type { TrustedKey } from '../keys/key-statement.js';
import { LicenseTable, type CountedQuestion } from '../table/license-table.js';
import { effectiveNow } from '../token/effective-time.js';
import { mayBecomeValid } from '../token/license-token.errors.js';
import { verifyLicense, verifyStoredLicense, type HighestSeen, type VerifiedLicense } from '../token/verify-license.js';
import { KeyRing } from './key-ring.js';
import { NewestIssueByKey, type Instant } from './newest-issue.js';
import { SetAside } from './set-aside.js';
import { SharedParts } from './shared-parts.js';

/** What stays in memory for a deployment: the claims, without the signed text that carried them. */
export interface HeldLicense extends HighestSeen {
  readonly claims: LicenseClaims;
  readonly kid: string;
}

export type Received =
  | { readonly kind: 'accepted'; readonly license: VerifiedLicense }
  /** Verified, but placed at a home that is not ours, of a deployment that never was here. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'repeated' }
  /** A newer version is held: dropped, whatever its order of arrival. */
  | { readonly kind: 'late' }
  | { readonly kind: 'set_aside'; readonly failure: Failure }
  | { readonly kind: 'refused'; readonly failure: Failure };

/**
 * All licenses that a home knows, by highest version. Pure: time is an argument, nothing is stored. Licenses of another home are kept
 * only for deployments that have been here, so that requests for them can be told where to go, and for those that `follows` names.
 */
export class LicenseBook {
  readonly keys = new KeyRing();
  private readonly held = new Map<string, HeldLicense>();
  /** Versions of licenses placed elsewhere: an older one that names this home may not bring a deployment back. */
  private readonly marks = new Map<string, HighestSeen & { readonly kid: string }>();
  private readonly newest = new NewestIssueByKey();
  private readonly aside = new SetAside();
  private readonly table: LicenseTable;
  private readonly parts = new SharedParts();
  private refusals = 0;

  /**
   * Without a home every license counts as own: a service that serves deployments wherever they are placed. `follows`: licenses placed
   * elsewhere that this home has to know all the same, for it stands by for them or takes part in their enrollment.
   */
  constructor(
    private readonly homeId?: string,
    private readonly follows: (claims: LicenseClaims) => boolean = () => false,
  ) {
    this.table = new LicenseTable(homeId);
  }

  get(deploymentId: string): HeldLicense | undefined {
    return this.held.get(deploymentId);
  }

  /** Those placed at this home. */
  own(): HeldLicense[] {
    return [...this.held.values()].filter((license) => this.isOwn(license));
  }

  /** With those that are known though they are placed elsewhere. */
  all(): HeldLicense[] {
    return [...this.held.values()];
  }

  isOwn(license: Pick<HeldLicense, 'claims'>): boolean {
    return this.homeId === undefined || license.claims.placement.homeId === this.homeId;
  }

  /** Records of this reading of the topic that were bad, those that wait included. */
  get refused(): number {
    return this.refusals + this.aside.size;
  }

  get waiting(): number {
    return this.aside.size;
  }

  /** The time by which licenses are judged. */
  effectiveNow(at: Instant): Date {
    return effectiveNow(at.now, this.newest.at(at.monotonicMs));
  }

  /** The same in epoch milliseconds, without making anything. */
  effectiveNowMs(nowMs: number, monotonicMs: number): number {
    return Math.max(nowMs, this.newest.provenMs(monotonicMs));
  }

  /** What the held license of a deployment says to an action, apart from any count: the answer of `decide`, from memory, at once. */
  decide(deploymentId: string, action: string, nowMs: number): Decision {
    return this.table.decide(deploymentId, action, nowMs);
  }

  /** The same for a use of a meter, by what was counted of it; undefined: ask `decideLimits`. */
  decideCounted(question: CountedQuestion, reading: CounterReading, nowMs: number): Decision | undefined {
    return this.table.decideCounted(question, reading, nowMs);
  }

  receive(deploymentId: string, compact: string, at: Instant): Received {
    const verified = verifyLicense(compact, {
      trustedKeys: this.keys.all,
      expectedDeploymentId: deploymentId,
      highest: this.held.get(deploymentId) ?? this.marks.get(deploymentId),
      now: at.now,
      newest: this.newest.at(at.monotonicMs),
    });
    if (!verified.ok) return this.turnAway(deploymentId, compact, verified.error);
    const license = verified.value;
    this.newest.learn(license.kid, license.claims.iat, at);
    if (license.isRepeat) return { kind: 'repeated' };
    if (!this.isOwn(license) && !this.held.has(deploymentId) && !this.follows(license.claims)) {
      this.marks.set(deploymentId, { version: license.version, payloadHash: license.payloadHash, kid: license.kid });
      return { kind: 'elsewhere' };
    }
    this.hold(deploymentId, license);
    return { kind: 'accepted', license };
  }

  /** Takes back a license that this home had verified and stored. A failure means that its key is trusted no more. */
  restore(deploymentId: string, compact: string, at: Instant): Failure | undefined {
    const verified = verifyStoredLicense(compact, {
      trustedKeys: this.keys.all,
      expectedDeploymentId: deploymentId,
      now: at.now,
      newest: this.newest.at(at.monotonicMs),
    });
    if (!verified.ok) return verified.error;
    this.newest.learn(verified.value.kid, verified.value.claims.iat, at);
    const known = this.held.get(deploymentId);
    if (!known || known.version < verified.value.version) this.hold(deploymentId, verified.value);
    return undefined;
  }

  /** Tries again what was kept aside; what still has to wait is kept again. */
  retryWaiting(at: Instant): { deploymentId: string; received: Received }[] {
    return this.aside
      .takeAll()
      .map(({ deploymentId, compact }) => ({ deploymentId, received: this.receive(deploymentId, compact, at) }));
  }

  learnKey(key: TrustedKey): 'trusted' | 'revoked' | 'unchanged' {
    const outcome = this.keys.learn(key);
    if (outcome === 'revoked') this.forgetKey(key.kid);
    return outcome;
  }

  /** Before the topic is read again from its beginning: what was refused will be counted again. */
  restartCount(): void {
    this.refusals = 0;
    this.aside.takeAll();
  }

  /** A record of the topic that is no license at all. */
  countRefusal(): void {
    this.refusals += 1;
  }

  /** Whoever held the key may have published any version: nothing that it signed may outrank what comes next. */
  private forgetKey(kid: string): void {
    for (const [deploymentId, license] of this.held) {
      if (license.kid !== kid) continue;
      this.held.delete(deploymentId);
      this.table.remove(deploymentId);
      this.parts.release(license.claims);
    }
    for (const [deploymentId, mark] of this.marks) if (mark.kid === kid) this.marks.delete(deploymentId);
    this.newest.forget(kid);
  }

  private hold(deploymentId: string, { claims: document, version, payloadHash, kid }: HeldLicense): void {
    const before = this.held.get(deploymentId);
    const claims = this.parts.share(document);
    this.held.set(deploymentId, { claims, version, payloadHash, kid });
    if (before) this.parts.release(before.claims);
    this.marks.delete(deploymentId);
    this.table.put(claims, deploymentId);
  }

  private turnAway(deploymentId: string, compact: string, failure: Failure): Received {
    if (failure.code === 'LICENSE_TOKEN.VERSION_LOWER') return { kind: 'late' };
    if (mayBecomeValid(failure) && this.aside.add({ deploymentId, compact, code: failure.code })) {
      return { kind: 'set_aside', failure };
    }
    this.refusals += 1;
    return { kind: 'refused', failure };
  }
}
