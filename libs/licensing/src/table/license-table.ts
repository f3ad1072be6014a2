import type { LicenseClaims } from '../claims/claims.js';
import type { Decision } from '../decision/decision.js';
import {
  decisionOfVerdict,
  decisionWithoutLicense,
  isInForce,
  LICENSE_VERDICTS,
  type LicenseVerdict,
} from '../decision/license-verdict.js';
import { ActionBits } from './action-bits.js';
import { LicenseLines } from './license-lines.js';
import { LicenseRecords } from './license-records.js';

/**
 * The licenses of a home, made for one question: may this deployment do this now, apart from any count? The answer is that of `decide`,
 * from memory, at once, and without making anything: each license keeps the Decision of its present verdict, and the one that denies an
 * action which it does not name.
 */
export class LicenseTable {
  private readonly slots = new Map<string, number>();
  private readonly freeSlots: number[] = [];
  private readonly actions = new ActionBits();
  private readonly lines = new LicenseLines();
  private readonly records = new LicenseRecords();
  /** Two a slot: the Decision of the present verdict, and that of an action which is not licensed. Made on first need. */
  private readonly decisions: (Decision | undefined)[] = [];

  /** Without a home a license decides wherever it places its deployment. */
  constructor(private readonly homeId?: string) {}

  get size(): number {
    return this.slots.size;
  }

  /** The license of its deployment from now on. Which of two is the newer is the caller's to know. */
  put(claims: LicenseClaims): void {
    const slot = this.slotOf(claims.deployment.id);
    const bits = actionsOf(claims).map((action) => this.actions.numberOf(action));
    this.lines.reserve(slot + 1, this.actions.count);
    this.records.reserve(slot + 1);
    this.lines.clear(slot);
    for (const bit of bits) this.lines.setBit(slot, bit);
    this.records.write(slot, claims, this.homeId !== undefined && claims.placement.homeId !== this.homeId);
    this.forgetDecisions(slot);
  }

  remove(deploymentId: string): void {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return;
    this.slots.delete(deploymentId);
    this.freeSlots.push(slot);
    this.lines.clear(slot);
    this.forgetDecisions(slot);
  }

  /** `nowMs`: the instant by which licenses are judged, see `effectiveNow`. */
  decide(deploymentId: string, action: string, nowMs: number): Decision {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return decisionWithoutLicense(null, nowMs);
    let verdict = this.lines.verdictAt(slot, nowMs);
    if (verdict < 0) verdict = this.enterPhase(slot, nowMs);
    if (verdict <= LAST_IN_FORCE) {
      const bit = this.actions.find(action);
      if (bit === undefined || !this.lines.hasBit(slot, bit)) {
        return this.decisions[slot * 2 + 1] ?? this.make(slot, 1, NOT_LICENSED);
      }
    }
    return this.decisions[slot * 2] ?? this.make(slot, 0, verdict);
  }

  private slotOf(deploymentId: string): number {
    const known = this.slots.get(deploymentId);
    if (known !== undefined) return known;
    const slot = this.freeSlots.pop() ?? this.slots.size;
    this.slots.set(deploymentId, slot);
    return slot;
  }

  /** A date of the license lies between this question and the one before: another verdict holds. */
  private enterPhase(slot: number, nowMs: number): number {
    const { verdict, fromMs, untilMs } = this.records.phaseAt(slot, nowMs);
    const number = LICENSE_VERDICTS.indexOf(verdict);
    this.lines.setVerdict(slot, number, fromMs, untilMs);
    this.decisions[slot * 2] = undefined;
    return number;
  }

  private make(slot: number, which: 0 | 1, verdict: number): Decision {
    const decision = decisionOfVerdict(LICENSE_VERDICTS[verdict] as LicenseVerdict, this.records.facts(slot));
    this.decisions[slot * 2 + which] = decision;
    return decision;
  }

  private forgetDecisions(slot: number): void {
    // Filled from the front, so that the list stays one without holes.
    while (this.decisions.length < slot * 2 + 2) this.decisions.push(undefined);
    this.decisions[slot * 2] = undefined;
    this.decisions[slot * 2 + 1] = undefined;
  }
}

const NOT_LICENSED = LICENSE_VERDICTS.indexOf('not_licensed');
/** The verdicts in force stand first. */
const LAST_IN_FORCE = LICENSE_VERDICTS.findLastIndex(isInForce);

function actionsOf({ modules }: LicenseClaims): string[] {
  return Object.entries(modules).flatMap(([module, { features }]) => features.map((feature) => `${module}:${feature}`));
}
