import { LICENSE_STATUSES, type LicenseClaims, type LicenseStatus } from '../claims/claims.js';
import { licenseBoundaries, stateAt, type LicenseBoundaries } from '../claims/license-state.js';
import { factsOf, verdictOfState, type LicenseFacts, type LicenseVerdict } from '../decision/license-verdict.js';
import { grown } from './slot-bits.js';

const FIELDS = 8;
const [VERSION, ISSUED, STARTS, NOTICE, TERM_ENDS, GRACE_ENDS, EXPIRES, STATUS] = [0, 1, 2, 3, 4, 5, 6, 7];
/** In the place of a status: another home serves the deployment, whatever its license says. */
const ELSEWHERE = -1;

/** Homes share few addresses, and each license read from a token brings its own copy. */
const URLS_MAX = 1_000;

/** A verdict of a license, and the instants between which it holds: `[fromMs, untilMs)`. */
export interface Phase {
  readonly verdict: LicenseVerdict;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What is read of a license only when a date was passed, or a Decision of it is made. */
export class LicenseRecords {
  private numbers = new Float64Array(0);
  private readonly urls: string[] = [];
  private readonly knownUrls = new Map<string, string>();

  reserve(slots: number): void {
    const present = this.numbers.length / FIELDS;
    if (slots <= present) return;
    const numbers = new Float64Array(grown(present, slots) * FIELDS);
    numbers.set(this.numbers);
    this.numbers = numbers;
  }

  write(slot: number, claims: LicenseClaims, isElsewhere: boolean): void {
    const { version, issuedMs, graceEndsMs, url } = factsOf(claims);
    const { startsMs, noticeMs, termEndsMs, expiresMs } = licenseBoundaries(claims);
    const status = isElsewhere ? ELSEWHERE : LICENSE_STATUSES.indexOf(claims.status);
    const fields = [version, issuedMs, startsMs, noticeMs, termEndsMs, graceEndsMs, expiresMs, status];
    this.numbers.set(fields, slot * FIELDS);
    this.urls[slot] = this.sameUrl(url);
  }

  facts(slot: number): LicenseFacts {
    return {
      version: this.read(slot, VERSION),
      issuedMs: this.read(slot, ISSUED),
      startsMs: this.read(slot, STARTS),
      termEndsMs: this.read(slot, TERM_ENDS),
      graceEndsMs: this.read(slot, GRACE_ENDS),
      url: this.urls[slot] ?? '',
    };
  }

  phaseAt(slot: number, nowMs: number): Phase {
    if (this.read(slot, STATUS) === ELSEWHERE) return { verdict: 'elsewhere', fromMs: -Infinity, untilMs: Infinity };
    const status = LICENSE_STATUSES[this.read(slot, STATUS)] as LicenseStatus;
    const boundaries: LicenseBoundaries = {
      startsMs: this.read(slot, STARTS),
      noticeMs: this.read(slot, NOTICE),
      termEndsMs: this.read(slot, TERM_ENDS),
      expiresMs: this.read(slot, EXPIRES),
    };
    const instants = Object.values(boundaries) as number[];
    const isInstant = !Number.isNaN(nowMs); // for what is none, nothing holds longer than the question
    return {
      verdict: verdictOfState[stateAt(status, boundaries, nowMs)],
      fromMs: isInstant ? Math.max(-Infinity, ...instants.filter((instant) => instant <= nowMs)) : NaN,
      untilMs: isInstant ? Math.min(Infinity, ...instants.filter((instant) => instant > nowMs)) : NaN,
    };
  }

  private sameUrl(url: string): string {
    const known = this.knownUrls.get(url);
    if (known !== undefined) return known;
    if (this.knownUrls.size >= URLS_MAX) this.knownUrls.clear();
    this.knownUrls.set(url, url);
    return url;
  }

  private read(slot: number, field: number): number {
    return this.numbers[slot * FIELDS + field] as number;
  }
}
