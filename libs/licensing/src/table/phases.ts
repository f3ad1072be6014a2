import { LICENSE_VERDICTS } from '../decision/license-verdict.js';
import { grown } from './slot-bits.js';
import type { Phase } from './license-records.js';

/** Of a slot whose verdict has to be found when it is next asked. */
export const VERDICT_UNKNOWN = 255;

/**
 * The present verdict of each slot, one byte, and the one stretch of time in which all of them hold: a question compares its instant
 * with two numbers, not with the dates of its license. Only when a date of any license is passed are all looked through.
 */
export class Phases {
  private verdicts = new Uint8Array(0);
  private fromMs = -Infinity;
  private untilMs = Infinity;

  verdictOf(slot: number): number {
    return this.verdicts[slot] as number;
  }

  /** False for an instant that is no number too. */
  holdAt(nowMs: number): boolean {
    return nowMs >= this.fromMs && nowMs < this.untilMs;
  }

  reserve(slots: number): void {
    const present = this.verdicts.length;
    if (slots <= present) return;
    const verdicts = new Uint8Array(grown(present, slots)).fill(VERDICT_UNKNOWN);
    verdicts.set(this.verdicts);
    this.verdicts = verdicts;
  }

  forget(slot: number): void {
    this.verdicts[slot] = VERDICT_UNKNOWN;
  }

  /** Only while the others hold: see `holdAt`. */
  enter(slot: number, { verdict, fromMs, untilMs }: Phase): number {
    const number = LICENSE_VERDICTS.indexOf(verdict);
    this.verdicts[slot] = number;
    this.narrow(fromMs, untilMs);
    return number;
  }

  /** Tells the slots whose verdict is another one now, and goes on with those that have the same. */
  leave(phaseNow: (slot: number) => Phase): number[] {
    const left: number[] = [];
    [this.fromMs, this.untilMs] = [-Infinity, Infinity];
    for (let slot = 0; slot < this.verdicts.length; slot += 1) {
      const present = this.verdicts[slot] as number;
      if (present === VERDICT_UNKNOWN) continue;
      const { verdict, fromMs, untilMs } = phaseNow(slot);
      if (LICENSE_VERDICTS[present] === verdict) this.narrow(fromMs, untilMs);
      else {
        this.verdicts[slot] = VERDICT_UNKNOWN;
        left.push(slot);
      }
    }
    return left;
  }

  private narrow(fromMs: number, untilMs: number): void {
    this.fromMs = Math.max(this.fromMs, fromMs);
    this.untilMs = Math.min(this.untilMs, untilMs);
  }
}
