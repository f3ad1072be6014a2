import { LICENSE_STATUSES, type LicenseClaims, type LicenseStatus } from '../claims/claims.js';
import { licenseBoundaries, stateAt, type LicenseBoundaries } from '../claims/license-state.js';
import { factsOf, verdictOfState, type LicenseFacts, type LicenseVerdict } from '../decision/license-verdict.js';
import { grown } from './slot-bits.js';

const FIELDS = 7;
const [VERSION, ISSUED, STARTS, NOTICE, TERM_ENDS, GRACE_ENDS, EXPIRES] = [0, 1, 2, 3, 4, 5, 6];
/** The dates between which a verdict holds. */
const BOUNDARIES = [STARTS, NOTICE, TERM_ENDS, EXPIRES] as const;
/** In the place of a status: another home serves the deployment, whatever its license says. */
const ELSEWHERE = -1;

/** A verdict of a license, and the instants between which it holds: `[fromMs, untilMs)`. */
export interface Phase {
  readonly verdict: LicenseVerdict;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What is read of a license only when a date was passed, or a Decision of it is made. */
export class LicenseRecords {
  private numbers = new Float64Array(0);
  private statuses = new Int8Array(0);
  /** Of those that are elsewhere: no other Decision says where. */
  private readonly urls = new Map<number, string>();

  reserve(slots: number): void {
    const present = this.numbers.length / FIELDS;
    if (slots <= present) return;
    const numbers = new Float64Array(grown(present, slots) * FIELDS);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const statuses = new Int8Array(numbers.length / FIELDS);
    statuses.set(this.statuses);
    this.statuses = statuses;
  }

  write(slot: number, claims: LicenseClaims, isElsewhere: boolean): void {
    const { version, issuedMs, graceEndsMs, url } = factsOf(claims);
    const { startsMs, noticeMs, termEndsMs, expiresMs } = licenseBoundaries(claims);
    this.statuses[slot] = isElsewhere ? ELSEWHERE : LICENSE_STATUSES.indexOf(claims.status);
    const fields = [version, issuedMs, startsMs, noticeMs, termEndsMs, graceEndsMs, expiresMs];
    this.numbers.set(fields, slot * FIELDS);
    if (isElsewhere) this.urls.set(slot, url);
    else this.urls.delete(slot);
  }

  facts(slot: number): LicenseFacts {
    return {
      version: this.read(slot, VERSION),
      issuedMs: this.read(slot, ISSUED),
      startsMs: this.read(slot, STARTS),
      termEndsMs: this.read(slot, TERM_ENDS),
      graceEndsMs: this.read(slot, GRACE_ENDS),
      url: this.urls.get(slot) ?? '',
    };
  }

  phaseAt(slot: number, nowMs: number): Phase {
    const statusNumber = this.statuses[slot] as number;
    if (statusNumber === ELSEWHERE) return { verdict: 'elsewhere', fromMs: -Infinity, untilMs: Infinity };
    const boundaries: LicenseBoundaries = {
      startsMs: this.read(slot, STARTS),
      noticeMs: this.read(slot, NOTICE),
      termEndsMs: this.read(slot, TERM_ENDS),
      expiresMs: this.read(slot, EXPIRES),
    };
    const verdict = verdictOfState[stateAt(LICENSE_STATUSES[statusNumber] as LicenseStatus, boundaries, nowMs)];
    if (Number.isNaN(nowMs)) return { verdict, fromMs: NaN, untilMs: NaN }; // what is no instant holds for no other question
    let [fromMs, untilMs] = [-Infinity, Infinity];
    for (const field of BOUNDARIES) {
      const instant = this.read(slot, field);
      if (instant <= nowMs) fromMs = Math.max(fromMs, instant);
      else untilMs = Math.min(untilMs, instant);
    }
    return { verdict, fromMs, untilMs };
  }

  private read(slot: number, field: number): number {
    return this.numbers[slot * FIELDS + field] as number;
  }
}
