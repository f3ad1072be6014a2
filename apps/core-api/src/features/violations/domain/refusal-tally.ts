import type { ViolationSource, ViolationState } from './violation.js';

/** Refusals of one violation within this time are counted in one report. */
export const TALLY_MS = 1_000;
/** Limits at which something is refused within one second; what is beyond is told one by one. */
const KEYS_MAX = 10_000;
/** No billing period of any zone begins within a quarter of an hour. */
const QUARTER_MS = 15 * 60_000;

/** A report of what was refused, whose billing period nobody has asked for yet. */
export interface Refusal extends Omit<ViolationState, 'severity'> {
  readonly reportId: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly rule: string;
  readonly module: string;
  readonly meter: string;
  readonly source: ViolationSource;
}

/**
 * Refusals that come faster than a row can be locked: the first within a second is told at once, those after it are added up and
 * told together. A report keeps its id until it is known to be stored, so that it counts once however often it is told.
 */
export class RefusalTally {
  private readonly toldAtMs = new Map<string, number>();
  private reports = new Map<string, Refusal>();

  /** True: to be told at once. False: within the second of one that was, so `add` it. */
  isFirst(refusal: Refusal, nowMs: number): boolean {
    const key = keyOf(refusal);
    const toldAtMs = this.toldAtMs.get(key);
    if (toldAtMs !== undefined && nowMs - toldAtMs < TALLY_MS) return false;
    if (this.toldAtMs.size >= KEYS_MAX) this.forget(nowMs);
    if (this.toldAtMs.size < KEYS_MAX) this.toldAtMs.set(key, nowMs);
    return true;
  }

  add(refusal: Refusal): void {
    const key = keyOf(refusal);
    const known = this.reports.get(key);
    this.reports.set(key, known === undefined ? refusal : combined(known, refusal));
  }

  /** What is to be told now, in one order; what could not be told is added again. */
  take(nowMs: number): Refusal[] {
    const taken = [...this.reports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, report]) => report);
    this.reports = new Map();
    this.forget(nowMs);
    return taken;
  }

  private forget(nowMs: number): void {
    for (const [key, toldAtMs] of this.toldAtMs) if (nowMs - toldAtMs >= TALLY_MS) this.toldAtMs.delete(key);
  }
}

function combined(held: Refusal, more: Refusal): Refusal {
  const [first, last] = more.firstAt < held.firstAt ? [more, held] : [held, more];
  const { used, cap, threshold, licenseVersion } = last;
  return {
    ...held,
    ...{ used, cap, threshold, licenseVersion },
    count: held.count + more.count,
    firstAt: first.firstAt,
    lastAt: more.lastAt > held.lastAt ? more.lastAt : held.lastAt,
  };
}

function keyOf({ deploymentId, rule, module, meter, firstAt }: Refusal): string {
  return [deploymentId, rule, module, meter, Math.floor(firstAt.getTime() / QUARTER_MS)].join('|');
}
