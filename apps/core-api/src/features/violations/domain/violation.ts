import { compareDecimal, orThrow, parseDecimal } from '@biplane/kernel';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a gate did about the limit. */
export const VIOLATION_KINDS = ['warned', 'denied', 'delayed', 'overage'] as const;
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

/** Who said so: core-api's own decisions, a home, or a person or service. */
export const VIOLATION_SOURCES = ['control', 'data', 'manual'] as const;
export type ViolationSource = (typeof VIOLATION_SOURCES)[number];

export const LIMIT_RULES = {
  warned: 'limit_warned',
  overage: 'limit_overage',
  delayed: 'limit_delayed',
  denied: 'limit_denied',
} as const satisfies Record<ViolationKind, string>;

/** From so many refusals or delays on, somebody is working against the limit instead of below it. */
export const CRITICAL_FROM_COUNT = 10;

/** What of a violation changes while it is open; quantities are decimal strings. */
export interface ViolationState {
  readonly kind: ViolationKind | null;
  readonly severity: Severity;
  readonly used: string | null;
  readonly cap: string | null;
  readonly threshold: string | null;
  readonly licenseVersion: number;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/**
 * How grave a limit's violation is: a warning below the cap informs, one at it and every charge beyond it warns; refusals and
 * delays warn, and are critical once they repeat.
 */
export function severityOf(state: Pick<ViolationState, 'kind' | 'used' | 'cap' | 'count'>): Severity {
  const { kind, used, cap, count } = state;
  if (kind === 'warned') return used !== null && cap !== null && compare(used, cap) >= 0 ? 'warning' : 'info';
  if (kind === 'denied' || kind === 'delayed') return count >= CRITICAL_FROM_COUNT ? 'critical' : 'warning';
  return 'warning';
}

/**
 * Joins what is held with what is reported of the same violation, so that neither order nor grouping matters: counts add up, the
 * stretch widens, the figures are those of the latest instant, and severity only rises. `added` is what the report counts anew.
 */
export function mergeViolation(held: ViolationState, reported: ViolationState, added: number): ViolationState {
  const latest = compareFigures(held, reported) >= 0 ? held : reported;
  const merged = {
    kind: held.kind ?? reported.kind,
    used: latest.used,
    cap: latest.cap,
    threshold: latest.threshold,
    licenseVersion: Math.max(held.licenseVersion, reported.licenseVersion),
    count: held.count + added,
    firstAt: earlier(held.firstAt, reported.firstAt),
    lastAt: later(held.lastAt, reported.lastAt),
  };
  return { ...merged, severity: worst(held.severity, reported.severity, severityOf(merged)) };
}

export function worst(...severities: readonly Severity[]): Severity {
  return SEVERITIES[Math.max(...severities.map((severity) => SEVERITIES.indexOf(severity)))] ?? 'info';
}

/** Two reports of one instant differ by their figures: the higher ones stand, in every order. */
function compareFigures(a: ViolationState, b: ViolationState): number {
  return (
    a.lastAt.getTime() - b.lastAt.getTime() ||
    compareOptional(a.used, b.used) ||
    compareOptional(a.cap, b.cap) ||
    compareOptional(a.threshold, b.threshold)
  );
}

function compareOptional(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return compare(a, b);
}

/** What is in use is a total, which has more digits than one quantity. */
const DIGITS_MAX = 60;

function compare(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => orThrow(parseDecimal(text, { maxDigits: DIGITS_MAX })));
  return compareDecimal(one!, other!);
}

function earlier(a: Date, b: Date): Date {
  return a <= b ? a : b;
}

function later(a: Date, b: Date): Date {
  return a >= b ? a : b;
}
