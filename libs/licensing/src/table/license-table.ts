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
import { LicenseRecords } from './license-records.js';
import { Phases, VERDICT_UNKNOWN } from './phases.js';
import { SlotBits } from './slot-bits.js';

/**
 * The licenses of a home, made for one question: may this deployment do this now, apart from any count? The answer is that of `decide`,
 * from memory, at once, and without making anything: each license keeps the Decision of its present verdict, and the one that denies an
 * action which it does not name. What a question reads lies close together, for among ten thousand licenses its time goes into reading.
 */
export class LicenseTable {
  private readonly slots = new Map<string, number>();
  private readonly freeSlots: number[] = [];
  private readonly actions = new ActionBits();
  private readonly bits = new SlotBits();
  private readonly phases = new Phases();
  private readonly records = new LicenseRecords();
  /** By slot, made on first need: the Decision of the present verdict, and that of an action which is not licensed. */
  private readonly present: (Decision | undefined)[] = [];
  private readonly refusing: (Decision | undefined)[] = [];

  /** Without a home a license decides wherever it places its deployment. */
  constructor(private readonly homeId?: string) {}

  get size(): number {
    return this.slots.size;
  }

  /** The license of its deployment from now on. Which of two is the newer is the caller's to know. */
  put(claims: LicenseClaims): void {
    const slot = this.slotOf(claims.deployment.id);
    const bits = actionsOf(claims).map((action) => this.actions.numberOf(action));
    this.bits.reserve(slot + 1, this.actions.count);
    this.phases.reserve(slot + 1);
    this.records.reserve(slot + 1);
    this.bits.write(slot, bits);
    this.records.write(slot, claims, this.homeId !== undefined && claims.placement.homeId !== this.homeId);
    this.forget(slot);
  }

  remove(deploymentId: string): void {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return;
    this.slots.delete(deploymentId);
    this.freeSlots.push(slot);
    this.forget(slot);
  }

  /** `nowMs`: the instant by which licenses are judged, see `effectiveNow`. */
  decide(deploymentId: string, action: string, nowMs: number): Decision {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return decisionWithoutLicense(null, nowMs);
    if (!this.phases.holdAt(nowMs)) this.passDates(nowMs);
    let verdict = this.phases.verdictOf(slot);
    if (verdict === VERDICT_UNKNOWN) verdict = this.phases.enter(slot, this.records.phaseAt(slot, nowMs));
    if (verdict <= LAST_IN_FORCE) {
      const bit = this.actions.find(action);
      if (bit === undefined || !this.bits.has(slot, bit)) {
        return this.refusing[slot] ?? (this.refusing[slot] = this.make(slot, NOT_LICENSED));
      }
    }
    return this.present[slot] ?? (this.present[slot] = this.make(slot, verdict));
  }

  private slotOf(deploymentId: string): number {
    const known = this.slots.get(deploymentId);
    if (known !== undefined) return known;
    const slot = this.freeSlots.pop() ?? this.slots.size;
    this.slots.set(deploymentId, slot);
    return slot;
  }

  private passDates(nowMs: number): void {
    for (const slot of this.phases.leave(nowMs)) this.present[slot] = undefined;
  }

  private make(slot: number, verdict: number): Decision {
    return decisionOfVerdict(LICENSE_VERDICTS[verdict] as LicenseVerdict, this.records.facts(slot));
  }

  private forget(slot: number): void {
    this.phases.forget(slot);
    // A new slot is the next one, so these lists never have holes.
    this.present[slot] = undefined;
    this.refusing[slot] = undefined;
  }
}

const NOT_LICENSED = LICENSE_VERDICTS.indexOf('not_licensed');
/** The verdicts in force stand first. */
const LAST_IN_FORCE = LICENSE_VERDICTS.findLastIndex(isInForce);

function actionsOf({ modules }: LicenseClaims): string[] {
  return Object.entries(modules).flatMap(([module, { features }]) => features.map((feature) => `${module}:${feature}`));
}
