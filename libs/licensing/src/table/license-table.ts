import type { LicenseClaims } from '../claims/claims.js';
import type { CounterReading, Decision } from '../decision/decision.js';
import {
  decisionOfVerdict,
  decisionWithoutLicense,
  isInForce,
  LICENSE_VERDICTS,
  type LicenseVerdict,
} from '../decision/license-verdict.js';
import { withinWhole } from '../decision/whole-limit.js';
import { ActionBits } from './action-bits.js';
import { LicenseRecords } from './license-records.js';
import { Phases, VERDICT_UNKNOWN } from './phases.js';
import { grown, SlotBits } from './slot-bits.js';
import { SlotLimits } from './slot-limits.js';

/** A use of a meter, as it is asked at the door. */
export interface CountedQuestion {
  readonly deploymentId: string;
  readonly action: string;
  readonly meter: string;
  /** Decimal string, not negative. */
  readonly quantity: string;
}

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
  private readonly limits = new SlotLimits();
  private readonly numberOf = (action: string): number => this.actions.numberOf(action);
  /**
   * Two a slot, made on first need: what an action that it does not name gets at present, and one that it names. The same, when it is not
   * in force.
   */
  private answers: (Decision | undefined)[] = [];

  /** Without a home a license decides wherever it places its deployment. */
  constructor(private readonly homeId?: string) {}

  get size(): number {
    return this.slots.size;
  }

  /**
   * The license of its deployment from now on. Which of two is the newer is the caller's to know. One that keeps a map by the same ids
   * passes its own text of the id: a request then reads it once.
   */
  put(claims: LicenseClaims, deploymentId: string = claims.deployment.id): void {
    const slot = this.slotOf(deploymentId);
    const bits = actionsOf(claims).map((action) => this.actions.numberOf(action));
    this.bits.reserve(slot + 1, this.actions.count);
    this.phases.reserve(slot + 1);
    this.records.reserve(slot + 1);
    this.limits.reserve(slot + 1);
    this.reserveAnswers(slot + 1);
    this.bits.write(slot, bits);
    this.limits.write(slot, claims.modules, this.numberOf);
    this.records.write(slot, claims, this.homeId !== undefined && claims.placement.homeId !== this.homeId);
    this.forget(slot);
  }

  remove(deploymentId: string): void {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return;
    this.slots.delete(deploymentId);
    this.freeSlots.push(slot);
    this.limits.clear(slot);
    this.forget(slot);
  }

  /** `nowMs`: the instant by which licenses are judged, see `effectiveNow`. */
  decide(deploymentId: string, action: string, nowMs: number): Decision {
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return decisionWithoutLicense(null, nowMs);
    const at = slot * 2 + this.bits.read(slot, this.actions.find(action));
    const answer = this.answers[at];
    return answer !== undefined && this.phases.holdAt(nowMs) ? answer : this.answerAfresh(slot, at, nowMs);
  }

  /**
   * The same for a use of a meter, by what was counted of it: the answer of `decide` where the license refuses, or where the meter has one
   * limit and stays below what that warns of. Undefined: ask `decideLimits`. Makes nothing but its answer.
   */
  decideCounted(question: CountedQuestion, reading: CounterReading, nowMs: number): Decision | undefined {
    const { deploymentId, action, meter, quantity } = question;
    const slot = this.slots.get(deploymentId);
    if (slot === undefined) return decisionWithoutLicense(null, nowMs);
    const number = this.actions.find(action);
    const at = slot * 2 + this.bits.read(slot, number);
    const known = this.answers[at];
    const answer = known !== undefined && this.phases.holdAt(nowMs) ? known : this.answerAfresh(slot, at, nowMs);
    if (!answer.isAllowed || number === undefined) return answer;
    const whole = this.limits.whole(slot, number, meter);
    return whole && withinWhole(answer, whole, reading, quantity);
  }

  private answerAfresh(slot: number, at: number, nowMs: number): Decision {
    if (!this.phases.holdAt(nowMs)) this.passDates(nowMs);
    let verdict = this.phases.verdictOf(slot);
    if (verdict === VERDICT_UNKNOWN) verdict = this.phases.enter(slot, this.records.phaseAt(slot, nowMs));
    const known = this.answers[at];
    if (known !== undefined) return known;
    if (verdict <= LAST_IN_FORCE) return (this.answers[at] = this.make(slot, at % 2 === 0 ? NOT_LICENSED : verdict));
    const made = this.make(slot, verdict);
    this.answers[slot * 2] = made;
    this.answers[slot * 2 + 1] = made;
    return made;
  }

  private slotOf(deploymentId: string): number {
    const known = this.slots.get(deploymentId);
    if (known !== undefined) return known;
    const slot = this.freeSlots.pop() ?? this.slots.size;
    this.slots.set(deploymentId, slot);
    return slot;
  }

  private passDates(nowMs: number): void {
    const left = this.phases.leave((slot) => this.records.phaseAt(slot, nowMs));
    for (const slot of left) this.forgetAnswers(slot);
  }

  private make(slot: number, verdict: number): Decision {
    return decisionOfVerdict(LICENSE_VERDICTS[verdict] as LicenseVerdict, this.records.facts(slot));
  }

  private forget(slot: number): void {
    this.phases.forget(slot);
    this.forgetAnswers(slot);
  }

  private forgetAnswers(slot: number): void {
    this.answers[slot * 2] = undefined;
    this.answers[slot * 2 + 1] = undefined;
  }

  /** Of the length that is needed and without holes: a list that grows by itself takes half as much again. */
  private reserveAnswers(slots: number): void {
    const present = this.answers.length / 2;
    if (slots <= present) return;
    const answers = new Array<Decision | undefined>(grown(present, slots) * 2).fill(undefined);
    for (let at = 0; at < this.answers.length; at += 1) answers[at] = this.answers[at];
    this.answers = answers;
  }
}

const NOT_LICENSED = LICENSE_VERDICTS.indexOf('not_licensed');
/** The verdicts in force stand first. */
const LAST_IN_FORCE = LICENSE_VERDICTS.findLastIndex(isInForce);

function actionsOf({ modules }: LicenseClaims): string[] {
  return Object.entries(modules).flatMap(([module, { features }]) => features.map((feature) => `${module}:${feature}`));
}
